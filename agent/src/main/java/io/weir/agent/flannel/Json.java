package io.weir.agent.flannel;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** JSON as flannel's Go code reads it: the names of fields match in any case, and unknown ones do no harm. */
final class Json {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private Json() {}

    /**
     * @param what for the message: {@code net-conf.json}
     * @throws FlannelException when the text is no JSON object
     */
    static JsonNode object(String text, String what) {
        final JsonNode node;
        try {
            node = MAPPER.readTree(text);
        } catch (final JsonProcessingException e) {
            throw new FlannelException(what + " is no JSON: " + e.getOriginalMessage(), e);
        }
        if (node == null || !node.isObject()) {
            throw new FlannelException(what + " is no JSON object: " + text);
        }
        return node;
    }

    /** The field's value; null when it is absent or JSON's null. */
    static @Nullable JsonNode field(JsonNode object, String name) {
        final JsonNode exact = object.get(name);
        if (exact != null) {
            return exact.isNull() ? null : exact;
        }
        for (final Map.Entry<String, JsonNode> field : object.properties()) {
            if (field.getKey().equalsIgnoreCase(name)) {
                return field.getValue().isNull() ? null : field.getValue();
            }
        }
        return null;
    }

    static @Nullable String text(JsonNode object, String name) {
        final JsonNode value = field(object, name);
        if (value == null) {
            return null;
        }
        if (!value.isTextual()) {
            throw new FlannelException(name + " is " + value + "; write a string");
        }
        return value.textValue();
    }

    static int number(JsonNode object, String name, int byDefault) {
        final JsonNode value = field(object, name);
        if (value == null) {
            return byDefault;
        }
        if (!value.isIntegralNumber() || !value.canConvertToInt()) {
            throw new FlannelException(name + " is " + value + "; write a whole number");
        }
        return value.intValue();
    }

    static boolean flag(JsonNode object, String name, boolean byDefault) {
        final JsonNode value = field(object, name);
        if (value == null) {
            return byDefault;
        }
        if (!value.isBoolean()) {
            throw new FlannelException(name + " is " + value + "; write true or false");
        }
        return value.booleanValue();
    }
}
