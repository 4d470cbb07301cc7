// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks.peers;

/** A library, work by work. What it has no method for it does not do. */
abstract class Library {
    private UnsupportedOperationException unsupported(Work work) {
        return new UnsupportedOperationException(getClass().getSimpleName() + ": no program for " + work.getClass().getSimpleName());
    }

    Program feedForward(FeedForward work, double pace) {
        throw unsupported(work);
    }

    Program recurrent(Recurrent work, double pace) {
        throw unsupported(work);
    }

    Program longShortTerm(LongShortTerm work) {
        throw unsupported(work);
    }

    Program perceptron(Perceptron work) {
        throw unsupported(work);
    }

    Program encoderLayer(EncoderLayer work) {
        throw unsupported(work);
    }

    Program trees(Trees work, double pace) {
        throw unsupported(work);
    }

    Program product(Product work) {
        throw unsupported(work);
    }

    Program operation(Operation work) {
        throw unsupported(work);
    }
}
