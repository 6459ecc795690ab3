"""The compiled kernel: the forward pass on a CPU, in Python that numba compiles for the processor it finds.

`forward` has all layers as one function that every worker calls; `attention` and `matmul` are what it is made of,
`microkernels`, `products` and `intrinsics` what those are made of, `records` what they are given. numba keeps what it compiled
until one of these files changes.
"""
