// One call of the service. XMLHttpRequest, because fetch does not report the progress of an upload.

// An error in words: `detail`, `hint`, `code` and `status`, as in RFC 9457.
export class Problem extends Error {
  constructor({ detail, hint = '', code = '', status = 0 }) {
    super(detail);
    Object.assign(this, { hint, code, status });
  }
}

export class Cancelled extends Error {}

// Calls `onUpload(share)` during the upload, 0 to 1, then `onWork()`. `signal` cancels it. With `asFile` the answer is
// a blob.
export function send(path, { body, key, signal, onUpload, onWork, asFile = false }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(body ? 'POST' : 'GET', path);
    request.setRequestHeader('Accept', asFile ? '*/*' : 'application/json');
    if (asFile) request.responseType = 'blob';
    if (key) request.setRequestHeader('X-API-Key', key);
    if (body) {
      request.upload.onprogress = ({ loaded, total }) => onUpload(total ? loaded / total : 0);
      request.upload.onload = onWork;
      signal.addEventListener('abort', () => request.abort());
    }
    request.onabort = () => reject(new Cancelled());
    request.onerror = () => reject(new Problem(unreachable(Boolean(body))));
    request.onload = async () => {
      if (asFile && request.status === 200) return resolve(request.response);
      const answer = parsed(asFile ? await request.response.text() : request.responseText);
      if (request.status === 200 && answer) resolve(answer);
      else reject(new Problem(problem(request, answer)));
    };
    request.send(body);
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function problem(request, answer) {
  const { status } = request;
  if (!answer?.detail) {
    return {
      status,
      detail: `The answer was not one of this service (status ${status}).`,
      hint: 'If there is a proxy in front of it, check the proxy.',
    };
  }
  const seconds = request.getResponseHeader('Retry-After');
  return { ...answer, status, hint: seconds ? `Try again in ${seconds} s.` : answer.hint };
}

function unreachable(uploading) {
  return {
    code: 'network',
    detail: 'The connection to the service broke off.',
    hint: uploading
      ? 'Check that it runs and try again. It also closes the connection on a file that is too large.'
      : 'Check that it runs, then load this page again.',
  };
}
