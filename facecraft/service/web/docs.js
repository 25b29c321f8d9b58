// Swagger UI on the service's own OpenAPI document.

// Swagger UI fills every field of a form with a made-up value. An option that is sent overrides the preset's, so
// fields start empty here. Only fields of forms ask for a sample without a media type.
const emptyFields = {
  afterLoad() {
    const sample = this.fn.getSampleSchema;
    this.fn.getSampleSchema = (schema, mediaType, ...rest) => {
      const isField = mediaType === false && schema.get('type') !== 'array';
      return isField ? '' : sample(schema, mediaType, ...rest);
    };
  },
};

// Swagger UI sends empty fields, and fields in no particular order. A batch wants its options before its files.
function withFilesLast(request) {
  if (!(request.body instanceof FormData)) return request;
  const parts = [...request.body].filter(([, value]) => value !== '');
  const form = new FormData();
  const isFile = ([, value]) => value instanceof File;
  for (const [name, value] of parts.filter((part) => !isFile(part))) form.append(name, value);
  for (const [name, value] of parts.filter(isFile)) form.append(name, value);
  request.body = form;
  return request;
}

window.SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  tryItOutEnabled: true,
  validatorUrl: null, // it would ask validator.swagger.io for a badge
  presets: [window.SwaggerUIBundle.presets.apis],
  plugins: [emptyFields],
  requestInterceptor: withFilesLast,
});
