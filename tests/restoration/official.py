"""What the published checkpoints hold: every key with its shape, all of them float32.

Read off the networks' public definitions, layer by layer, and not off our code: GFPGAN 1.4 is
`GFPGANv1Clean(out_size=512, channel_multiplier=2, input_is_latent=True, different_w=True, narrow=1,
sft_half=True)`, CodeFormer `CodeFormer(dim_embd=512, n_head=8, n_layers=9, codebook_size=1024,
connect_list=["32", "64", "128", "256"])`, x2plus `RRDBNet(num_in_ch=3, num_feat=64, num_block=23,
num_grow_ch=32, scale=2)`. The sizes of the published files agree: beside the numbers there is only room for
the names.

A line is a key and a shape; `{a,b}` stands for one line with each, `{0-6}` for the numbers between.
"""

import re
from collections.abc import Iterator
from itertools import product

GFPGAN_BYTES = 348_632_874
GFPGAN = """
conv_body_first.weight                                        32 3 1 1
conv_body_first.bias                                          32
conv_body_down.0.conv1.weight                                 32 32 3 3
conv_body_down.0.conv1.bias                                   32
conv_body_down.0.conv2.weight                                 64 32 3 3
conv_body_down.0.conv2.bias                                   64
conv_body_down.0.skip.weight                                  64 32 1 1
conv_body_down.1.conv1.weight                                 64 64 3 3
conv_body_down.1.conv1.bias                                   64
conv_body_down.1.conv2.weight                                 128 64 3 3
conv_body_down.1.conv2.bias                                   128
conv_body_down.1.skip.weight                                  128 64 1 1
conv_body_down.2.conv1.weight                                 128 128 3 3
conv_body_down.2.conv1.bias                                   128
conv_body_down.2.conv2.weight                                 256 128 3 3
conv_body_down.2.conv2.bias                                   256
conv_body_down.2.skip.weight                                  256 128 1 1
conv_body_down.{3-6}.conv{1,2}.weight                         256 256 3 3
conv_body_down.{3-6}.conv{1,2}.bias                           256
conv_body_down.{3-6}.skip.weight                              256 256 1 1
final_conv.weight                                             256 256 3 3
final_conv.bias                                               256
conv_body_up.{0-3}.conv{1,2}.weight                           256 256 3 3
conv_body_up.{0-3}.conv{1,2}.bias                             256
conv_body_up.{0-3}.skip.weight                                256 256 1 1
conv_body_up.4.conv1.weight                                   256 256 3 3
conv_body_up.4.conv1.bias                                     256
conv_body_up.4.conv2.weight                                   128 256 3 3
conv_body_up.4.conv2.bias                                     128
conv_body_up.4.skip.weight                                    128 256 1 1
conv_body_up.5.conv1.weight                                   128 128 3 3
conv_body_up.5.conv1.bias                                     128
conv_body_up.5.conv2.weight                                   64 128 3 3
conv_body_up.5.conv2.bias                                     64
conv_body_up.5.skip.weight                                    64 128 1 1
conv_body_up.6.conv1.weight                                   64 64 3 3
conv_body_up.6.conv1.bias                                     64
conv_body_up.6.conv2.weight                                   32 64 3 3
conv_body_up.6.conv2.bias                                     32
conv_body_up.6.skip.weight                                    32 64 1 1
toRGB.{0-3}.weight                                            3 256 1 1
toRGB.4.weight                                                3 128 1 1
toRGB.5.weight                                                3 64 1 1
toRGB.6.weight                                                3 32 1 1
toRGB.{0-6}.bias                                              3
final_linear.weight                                           8192 4096
final_linear.bias                                             8192
condition_{scale,shift}.{0-3}.{0,2}.weight                    256 256 3 3
condition_{scale,shift}.{0-3}.{0,2}.bias                      256
condition_{scale,shift}.4.{0,2}.weight                        128 128 3 3
condition_{scale,shift}.4.{0,2}.bias                          128
condition_{scale,shift}.5.{0,2}.weight                        64 64 3 3
condition_{scale,shift}.5.{0,2}.bias                          64
condition_{scale,shift}.6.{0,2}.weight                        32 32 3 3
condition_{scale,shift}.6.{0,2}.bias                          32
stylegan_decoder.style_mlp.{1,3,5,7,9,11,13,15}.weight        512 512
stylegan_decoder.style_mlp.{1,3,5,7,9,11,13,15}.bias          512
stylegan_decoder.constant_input.weight                        1 512 4 4
stylegan_decoder.style_conv1.weight                           1
stylegan_decoder.style_conv1.bias                             1 512 1 1
stylegan_decoder.style_conv1.modulated_conv.weight            1 512 512 3 3
stylegan_decoder.style_conv1.modulated_conv.modulation.weight 512 512
stylegan_decoder.style_conv1.modulated_conv.modulation.bias   512
stylegan_decoder.to_rgb1.bias                                 1 3 1 1
stylegan_decoder.to_rgb1.modulated_conv.weight                1 3 512 1 1
stylegan_decoder.to_rgb1.modulated_conv.modulation.weight     512 512
stylegan_decoder.to_rgb1.modulated_conv.modulation.bias       512
stylegan_decoder.style_convs.{0-13}.weight                    1
stylegan_decoder.style_convs.{0-7}.bias                       1 512 1 1
stylegan_decoder.style_convs.{8,9}.bias                       1 256 1 1
stylegan_decoder.style_convs.{10,11}.bias                     1 128 1 1
stylegan_decoder.style_convs.{12,13}.bias                     1 64 1 1
stylegan_decoder.style_convs.{0-7}.modulated_conv.weight      1 512 512 3 3
stylegan_decoder.style_convs.8.modulated_conv.weight          1 256 512 3 3
stylegan_decoder.style_convs.9.modulated_conv.weight          1 256 256 3 3
stylegan_decoder.style_convs.10.modulated_conv.weight         1 128 256 3 3
stylegan_decoder.style_convs.11.modulated_conv.weight         1 128 128 3 3
stylegan_decoder.style_convs.12.modulated_conv.weight         1 64 128 3 3
stylegan_decoder.style_convs.13.modulated_conv.weight         1 64 64 3 3
stylegan_decoder.style_convs.{0-8}.modulated_conv.modulation.weight    512 512
stylegan_decoder.style_convs.{0-8}.modulated_conv.modulation.bias      512
stylegan_decoder.style_convs.{9,10}.modulated_conv.modulation.weight   256 512
stylegan_decoder.style_convs.{9,10}.modulated_conv.modulation.bias     256
stylegan_decoder.style_convs.{11,12}.modulated_conv.modulation.weight  128 512
stylegan_decoder.style_convs.{11,12}.modulated_conv.modulation.bias    128
stylegan_decoder.style_convs.13.modulated_conv.modulation.weight       64 512
stylegan_decoder.style_convs.13.modulated_conv.modulation.bias         64
stylegan_decoder.to_rgbs.{0-6}.bias                           1 3 1 1
stylegan_decoder.to_rgbs.{0-3}.modulated_conv.weight          1 3 512 1 1
stylegan_decoder.to_rgbs.4.modulated_conv.weight              1 3 256 1 1
stylegan_decoder.to_rgbs.5.modulated_conv.weight              1 3 128 1 1
stylegan_decoder.to_rgbs.6.modulated_conv.weight              1 3 64 1 1
stylegan_decoder.to_rgbs.{0-3}.modulated_conv.modulation.weight  512 512
stylegan_decoder.to_rgbs.{0-3}.modulated_conv.modulation.bias    512
stylegan_decoder.to_rgbs.4.modulated_conv.modulation.weight      256 512
stylegan_decoder.to_rgbs.4.modulated_conv.modulation.bias        256
stylegan_decoder.to_rgbs.5.modulated_conv.modulation.weight      128 512
stylegan_decoder.to_rgbs.5.modulated_conv.modulation.bias        128
stylegan_decoder.to_rgbs.6.modulated_conv.modulation.weight      64 512
stylegan_decoder.to_rgbs.6.modulated_conv.modulation.bias        64
stylegan_decoder.noises.noise0                                1 1 4 4
stylegan_decoder.noises.noise{1,2}                            1 1 8 8
stylegan_decoder.noises.noise{3,4}                            1 1 16 16
stylegan_decoder.noises.noise{5,6}                            1 1 32 32
stylegan_decoder.noises.noise{7,8}                            1 1 64 64
stylegan_decoder.noises.noise{9,10}                           1 1 128 128
stylegan_decoder.noises.noise{11,12}                          1 1 256 256
stylegan_decoder.noises.noise{13,14}                          1 1 512 512
"""

CODEFORMER_BYTES = 376_637_898
CODEFORMER = """
position_emb                                                  256 512
quantize.embedding.weight                                     1024 256
feat_emb.weight                                               512 256
feat_emb.bias                                                 512
ft_layers.{0-8}.self_attn.in_proj_weight                      1536 512
ft_layers.{0-8}.self_attn.in_proj_bias                        1536
ft_layers.{0-8}.self_attn.out_proj.weight                     512 512
ft_layers.{0-8}.self_attn.out_proj.bias                       512
ft_layers.{0-8}.linear1.weight                                1024 512
ft_layers.{0-8}.linear1.bias                                  1024
ft_layers.{0-8}.linear2.weight                                512 1024
ft_layers.{0-8}.linear2.bias                                  512
ft_layers.{0-8}.norm{1,2}.{weight,bias}                       512
idx_pred_layer.0.{weight,bias}                                512
idx_pred_layer.1.weight                                       1024 512
encoder.blocks.0.weight                                       64 3 3 3
encoder.blocks.0.bias                                         64
encoder.blocks.{1,2}.norm{1,2}.{weight,bias}                  64
encoder.blocks.{1,2}.conv{1,2}.weight                         64 64 3 3
encoder.blocks.{1,2}.conv{1,2}.bias                           64
encoder.blocks.3.conv.weight                                  64 64 3 3
encoder.blocks.3.conv.bias                                    64
encoder.blocks.4.norm1.{weight,bias}                          64
encoder.blocks.4.norm2.{weight,bias}                          128
encoder.blocks.4.conv1.weight                                 128 64 3 3
encoder.blocks.4.conv2.weight                                 128 128 3 3
encoder.blocks.4.conv{1,2}.bias                               128
encoder.blocks.4.conv_out.weight                              128 64 1 1
encoder.blocks.4.conv_out.bias                                128
encoder.blocks.{5,7,8}.norm{1,2}.{weight,bias}                128
encoder.blocks.{5,7,8}.conv{1,2}.weight                       128 128 3 3
encoder.blocks.{5,7,8}.conv{1,2}.bias                         128
encoder.blocks.{6,9}.conv.weight                              128 128 3 3
encoder.blocks.{6,9}.conv.bias                                128
encoder.blocks.10.norm1.{weight,bias}                         128
encoder.blocks.10.norm2.{weight,bias}                         256
encoder.blocks.10.conv1.weight                                256 128 3 3
encoder.blocks.10.conv2.weight                                256 256 3 3
encoder.blocks.10.conv{1,2}.bias                              256
encoder.blocks.10.conv_out.weight                             256 128 1 1
encoder.blocks.10.conv_out.bias                               256
encoder.blocks.{11,13,14}.norm{1,2}.{weight,bias}             256
encoder.blocks.{11,13,14}.conv{1,2}.weight                    256 256 3 3
encoder.blocks.{11,13,14}.conv{1,2}.bias                      256
encoder.blocks.{12,15}.conv.weight                            256 256 3 3
encoder.blocks.{12,15}.conv.bias                              256
encoder.blocks.16.norm1.{weight,bias}                         256
encoder.blocks.16.norm2.{weight,bias}                         512
encoder.blocks.16.conv1.weight                                512 256 3 3
encoder.blocks.16.conv2.weight                                512 512 3 3
encoder.blocks.16.conv{1,2}.bias                              512
encoder.blocks.16.conv_out.weight                             512 256 1 1
encoder.blocks.16.conv_out.bias                               512
encoder.blocks.{17,19,21}.norm.{weight,bias}                  512
encoder.blocks.{17,19,21}.{q,k,v,proj_out}.weight             512 512 1 1
encoder.blocks.{17,19,21}.{q,k,v,proj_out}.bias               512
encoder.blocks.{18,20,22}.norm{1,2}.{weight,bias}             512
encoder.blocks.{18,20,22}.conv{1,2}.weight                    512 512 3 3
encoder.blocks.{18,20,22}.conv{1,2}.bias                      512
encoder.blocks.23.{weight,bias}                               512
encoder.blocks.24.weight                                      256 512 3 3
encoder.blocks.24.bias                                        256
generator.blocks.0.weight                                     512 256 3 3
generator.blocks.0.bias                                       512
generator.blocks.{1,3,4,6}.norm{1,2}.{weight,bias}            512
generator.blocks.{1,3,4,6}.conv{1,2}.weight                   512 512 3 3
generator.blocks.{1,3,4,6}.conv{1,2}.bias                     512
generator.blocks.{2,5,7}.norm.{weight,bias}                   512
generator.blocks.{2,5,7}.{q,k,v,proj_out}.weight              512 512 1 1
generator.blocks.{2,5,7}.{q,k,v,proj_out}.bias                512
generator.blocks.8.conv.weight                                512 512 3 3
generator.blocks.8.conv.bias                                  512
generator.blocks.9.norm1.{weight,bias}                        512
generator.blocks.9.norm2.{weight,bias}                        256
generator.blocks.9.conv1.weight                               256 512 3 3
generator.blocks.9.conv2.weight                               256 256 3 3
generator.blocks.9.conv{1,2}.bias                             256
generator.blocks.9.conv_out.weight                            256 512 1 1
generator.blocks.9.conv_out.bias                              256
generator.blocks.{10,12,13}.norm{1,2}.{weight,bias}           256
generator.blocks.{10,12,13}.conv{1,2}.weight                  256 256 3 3
generator.blocks.{10,12,13}.conv{1,2}.bias                    256
generator.blocks.{11,14}.conv.weight                          256 256 3 3
generator.blocks.{11,14}.conv.bias                            256
generator.blocks.15.norm1.{weight,bias}                       256
generator.blocks.15.norm2.{weight,bias}                       128
generator.blocks.15.conv1.weight                              128 256 3 3
generator.blocks.15.conv2.weight                              128 128 3 3
generator.blocks.15.conv{1,2}.bias                            128
generator.blocks.15.conv_out.weight                           128 256 1 1
generator.blocks.15.conv_out.bias                             128
generator.blocks.{16,18,19}.norm{1,2}.{weight,bias}           128
generator.blocks.{16,18,19}.conv{1,2}.weight                  128 128 3 3
generator.blocks.{16,18,19}.conv{1,2}.bias                    128
generator.blocks.{17,20}.conv.weight                          128 128 3 3
generator.blocks.{17,20}.conv.bias                            128
generator.blocks.21.norm1.{weight,bias}                       128
generator.blocks.21.norm2.{weight,bias}                       64
generator.blocks.21.conv1.weight                              64 128 3 3
generator.blocks.21.conv2.weight                              64 64 3 3
generator.blocks.21.conv{1,2}.bias                            64
generator.blocks.21.conv_out.weight                           64 128 1 1
generator.blocks.21.conv_out.bias                             64
generator.blocks.22.norm{1,2}.{weight,bias}                   64
generator.blocks.22.conv{1,2}.weight                          64 64 3 3
generator.blocks.22.conv{1,2}.bias                            64
generator.blocks.23.{weight,bias}                             64
generator.blocks.24.weight                                    3 64 3 3
generator.blocks.24.bias                                      3
fuse_convs_dict.{32,64}.encode_enc.norm1.{weight,bias}        512
fuse_convs_dict.{32,64}.encode_enc.norm2.{weight,bias}        256
fuse_convs_dict.{32,64}.encode_enc.conv1.weight               256 512 3 3
fuse_convs_dict.{32,64}.encode_enc.conv2.weight               256 256 3 3
fuse_convs_dict.{32,64}.encode_enc.conv{1,2}.bias             256
fuse_convs_dict.{32,64}.encode_enc.conv_out.weight            256 512 1 1
fuse_convs_dict.{32,64}.encode_enc.conv_out.bias              256
fuse_convs_dict.{32,64}.{scale,shift}.{0,2}.weight            256 256 3 3
fuse_convs_dict.{32,64}.{scale,shift}.{0,2}.bias              256
fuse_convs_dict.{128,256}.encode_enc.norm1.{weight,bias}      256
fuse_convs_dict.{128,256}.encode_enc.norm2.{weight,bias}      128
fuse_convs_dict.{128,256}.encode_enc.conv1.weight             128 256 3 3
fuse_convs_dict.{128,256}.encode_enc.conv2.weight             128 128 3 3
fuse_convs_dict.{128,256}.encode_enc.conv{1,2}.bias           128
fuse_convs_dict.{128,256}.encode_enc.conv_out.weight          128 256 1 1
fuse_convs_dict.{128,256}.encode_enc.conv_out.bias            128
fuse_convs_dict.{128,256}.{scale,shift}.{0,2}.weight          128 128 3 3
fuse_convs_dict.{128,256}.{scale,shift}.{0,2}.bias            128
"""

X2PLUS_BYTES = 67_061_725
X2PLUS = """
conv_first.weight                                             64 12 3 3
conv_first.bias                                               64
body.{0-22}.rdb{1-3}.conv1.weight                             32 64 3 3
body.{0-22}.rdb{1-3}.conv2.weight                             32 96 3 3
body.{0-22}.rdb{1-3}.conv3.weight                             32 128 3 3
body.{0-22}.rdb{1-3}.conv4.weight                             32 160 3 3
body.{0-22}.rdb{1-3}.conv{1-4}.bias                           32
body.{0-22}.rdb{1-3}.conv5.weight                             64 192 3 3
body.{0-22}.rdb{1-3}.conv5.bias                               64
conv_{body,up1,up2,hr}.weight                                 64 64 3 3
conv_{body,up1,up2,hr}.bias                                   64
conv_last.weight                                              3 64 3 3
conv_last.bias                                                3
"""


def shapes(table: str) -> dict[str, tuple[int, ...]]:
    """The table's keys, written out."""
    found: dict[str, tuple[int, ...]] = {}
    for line in table.strip().splitlines():
        pattern, *sizes = line.split()
        for key in _written_out(pattern):
            assert key not in found, f"{key} stands twice in the table"
            found[key] = tuple(map(int, sizes))
    return found


def _written_out(pattern: str) -> Iterator[str]:
    parts = re.split(r"\{([^}]*)\}", pattern)
    choices = [_choices(part) if index % 2 else [part] for index, part in enumerate(parts)]
    yield from ("".join(each) for each in product(*choices))


def _choices(text: str) -> list[str]:
    if "-" in text:
        first, last = map(int, text.split("-"))
        return [str(number) for number in range(first, last + 1)]
    return text.split(",")
