"""A model that only counts its steps, for callbacks that do not look at what is learned."""

import keras


class Counting(keras.Model):
    """Takes steps that learn nothing; its bounds are -1.5 in training and -2.5 in tests."""

    def __init__(self):
        super().__init__()
        self.kl_weight = keras.Variable(1.0, trainable=False)
        self.built = True  # It has no layers to build before it is saved.

    def fit(self, *arguments, **options):
        return super().fit(*arguments, shuffle=False, **options)

    def train_step(self, data):
        self.optimizer.iterations.assign_add(1)
        return {"bound": -1.5}

    def test_step(self, data):
        return {"bound": -2.5}


def counting_model(eagerly: bool = True) -> Counting:
    """Makes a compiled one."""
    model = Counting()
    model.compile(optimizer="sgd", run_eagerly=eagerly, jit_compile=False)
    return model
