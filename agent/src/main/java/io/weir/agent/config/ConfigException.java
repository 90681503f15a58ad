package io.weir.agent.config;

import org.jspecify.annotations.Nullable;

/**
 * A configuration that can't be used: says where, which field, which value, and what to do. Commands print the message
 * and exit with 2; a running agent prints it and changes nothing.
 *
 * <p>Unchecked, because translators throw it from deep inside streams; whoever applies a configuration catches it.
 */
public final class ConfigException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private static final int LONGEST_VALUE = 80;

    private final transient Origin origin;
    private final String field;
    private final @Nullable String value;

    /**
     * @param origin  where it is written
     * @param field   path from the document's top: {@code spec.ports[0].port}; empty for the whole document
     * @param value   what is written there; null when the field is missing
     * @param problem what is wrong and what to write instead, as a sentence
     */
    public ConfigException(Origin origin, String field, @Nullable Object value, String problem) {
        super(messageOf(origin, field, value, problem));
        this.origin = origin;
        this.field = field;
        this.value = value == null ? null : value.toString();
    }

    private static String messageOf(Origin origin, String field, @Nullable Object value, String problem) {
        final StringBuilder text = new StringBuilder(origin.toString());
        if (!field.isEmpty()) {
            text.append(": ").append(field);
        }
        if (value != null) {
            final String written = value.toString();
            text.append(field.isEmpty() ? ": '" : " is '")
                    .append(written.length() > LONGEST_VALUE ? written.substring(0, LONGEST_VALUE) + "…" : written)
                    .append('\'');
        }
        return text.append(": ").append(problem).toString();
    }

    public Origin origin() {
        return origin;
    }

    public String field() {
        return field;
    }

    /** The offending value as text; null when the field is missing. */
    public @Nullable String value() {
        return value;
    }
}
