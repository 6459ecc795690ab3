"""The compiled kernel: the forward pass on a CPU, in Python that numba compiles for the processor it finds.

`forward` has all layers as one function that every worker calls; `attention` and `matmul` are what it is made of,
`microkernels` and `intrinsics` what those are made of. numba keeps what it compiled and looks at the file of `forward.run`
alone to see whether that still holds: so the hashes of the other files stand there as `STAMPS`, and a test compares them.
"""
