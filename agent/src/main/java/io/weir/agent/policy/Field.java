package io.weir.agent.policy;

import io.weir.agent.config.ConfigException;
import io.weir.agent.config.Origin;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A place in a tree of maps and lists, with its path for messages.
 *
 * @param value null when the field is missing
 */
record Field(Origin origin, String path, @Nullable Object value) {
    Field child(String name) {
        final Object inner = value == null ? null : map().get(name);
        return new Field(origin, path.isEmpty() ? name : path + "." + name, inner);
    }

    boolean isPresent() {
        return value != null;
    }

    Map<?, ?> map() {
        if (value instanceof final Map<?, ?> map) {
            return map;
        }
        throw wrong("expects an object");
    }

    /** The names of the fields in it, sorted. */
    Set<String> names() {
        final Set<String> names = new TreeSet<>();
        map().keySet().forEach(name -> names.add(String.valueOf(name)));
        return names;
    }

    /** Empty when the field is missing. */
    List<Field> items() {
        final List<Field> items = new ArrayList<>();
        if (value == null) {
            return items;
        }
        if (!(value instanceof final List<?> list)) {
            throw wrong("expects a list");
        }
        for (int i = 0; i < list.size(); i++) {
            items.add(new Field(origin, path + "[" + i + "]", list.get(i)));
        }
        return items;
    }

    String text() {
        if (value instanceof final String text) {
            return text;
        }
        throw wrong("expects text");
    }

    int integer(int least, int greatest) {
        if (value instanceof final Number number
                && (value instanceof Integer || value instanceof Long)
                && number.longValue() >= least
                && number.longValue() <= greatest) {
            return number.intValue();
        }
        throw wrong("expects a number from " + least + " to " + greatest);
    }

    ConfigException wrong(String problem) {
        return new ConfigException(origin, path, value, problem);
    }
}
