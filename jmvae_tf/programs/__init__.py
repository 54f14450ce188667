"""The programs of bin/ and of jmvae-tf: each module defines flags and calls a module of `tasks`."""

PROGRAMS = {
    "train": "train a model, export it, evaluate it, draw figures",
    "evaluate": "measure a trained model on the test set",
    "generate": "generate modalities with a trained model, or edit an image",
    "export": "write the SavedModel of a run again",
    "demo": "open a page to play with a model",
    "query": "ask a server, or an export, to generate modalities",
    "prepare": "show how your own data are read, and prepare them",
    "complete": "fill what a table lacks, with a model of such tables",
    "embed": "write the latent variable of each row of a table",
    "prepare_celeba": "find, crop and resize the faces of CelebA",
    "compare": "train and measure several models, in one table",
    "reproduce": "reproduce a table or a figure of the papers",
}
"""Maps the name of each program to what it does."""
