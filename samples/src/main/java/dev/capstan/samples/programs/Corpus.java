// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples.programs;

import dev.capstan.Generator;
import dev.capstan.Tensor;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A text, and its characters in order: the alphabet. */
final class Corpus {
    private static final int SENTENCES = 400;
    private static final String[] NOUNS = {"cat", "dog", "bird", "old man", "child"};
    private static final String[] VERBS = {"sees", "likes", "follows", "hears"};
    private static final String[] PLACES = {"in the garden", "at night", "by the river"};

    private final String text;
    private final String alphabet;

    private Corpus(String text) {
        this.text = text;
        StringBuilder known = new StringBuilder();
        text.chars().distinct().sorted().forEach(c -> known.append((char) c));
        alphabet = known.toString();
    }

    /** Sentences about who sees whom. */
    static Corpus made(Generator generator) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < SENTENCES; i++) {
            text.append("the ").append(one(NOUNS, generator)).append(' ');
            text.append(one(VERBS, generator)).append(" the ").append(one(NOUNS, generator));
            if (generator.nextInt(2) == 0) {
                text.append(' ').append(one(PLACES, generator));
            }
            text.append(".\n");
        }
        return new Corpus(text.toString());
    }

    private static String one(String[] words, Generator generator) {
        return words[generator.nextInt(words.length)];
    }

    /**
     * A file's text.
     *
     * @param least the number of characters that there must be
     */
    static Corpus read(Path file, int least) {
        String text;
        try {
            text = Files.readString(file);
        } catch (CharacterCodingException e) {
            throw new UsageException("--text", "the file is not UTF-8", file.toString());
        } catch (IOException e) {
            throw new UsageException("--text", "the file cannot be read", file.toString());
        }
        if (text.length() < least) {
            throw new UsageException("--text", "fewer than " + least + " characters", file + " has " + text.length());
        }
        return new Corpus(text);
    }

    /** How many characters there are. */
    int length() {
        return text.length();
    }

    String alphabet() {
        return alphabet;
    }

    /**
     * Parts of the text side by side, each character by its place in the alphabet.
     *
     * @param starts where the parts begin
     * @return int64, {@code [length, parts]}
     */
    Tensor excerpts(int[] starts, int length) {
        long[] characters = new long[length * starts.length];
        for (int t = 0; t < length; t++) {
            for (int i = 0; i < starts.length; i++) {
                characters[t * starts.length + i] = alphabet.indexOf(text.charAt(starts[i] + t));
            }
        }
        return Tensor.of(characters, length, starts.length);
    }
}
