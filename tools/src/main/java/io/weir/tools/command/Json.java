package io.weir.tools.command;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;

/** JSON in the output of commands: maps keep their order, so that output can be compared. */
public final class Json {
    /** Reads and writes plain trees of maps, lists, numbers and text. */
    public static final ObjectMapper MAPPER = JsonMapper.builder().build();

    private static final ObjectWriter PRETTY = MAPPER.writer(SerializationFeature.INDENT_OUTPUT);

    private Json() {}

    /** On one line. */
    public static String line(Object tree) {
        try {
            return MAPPER.writeValueAsString(tree);
        } catch (final JsonProcessingException e) {
            throw new IllegalStateException("a plain tree can be written", e);
        }
    }

    /** Indented, for people who look at it. */
    public static String pretty(Object tree) {
        try {
            return PRETTY.writeValueAsString(tree);
        } catch (final JsonProcessingException e) {
            throw new IllegalStateException("a plain tree can be written", e);
        }
    }
}
