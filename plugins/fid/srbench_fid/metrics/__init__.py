"""The set metrics: each gathers features of a generated set and of a real one, and compares them at the end.

In super-resolution the two are SR and HR of the test split, image by image. In generation they are what a generator
made and the test split, in any numbers; images of the training split then show what a real set gets, the ceiling. With
`reference: train` both are compared with the training split, and the test split gets the ceiling.
"""
