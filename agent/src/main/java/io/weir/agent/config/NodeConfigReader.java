package io.weir.agent.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/** Makes a {@link NodeConfig} of a document and of {@code --set} options, which override it. */
public final class NodeConfigReader {
    /** A document that sets nothing. */
    public static final ConfigDocument EMPTY = new ConfigDocument(Map.of(), Origin.of("defaults"));

    private static final LoadSettings YAML = LoadSettings.builder().build();

    private NodeConfigReader() {}

    /**
     * Reads and checks all settings.
     *
     * @param document the NodeConfig document, or {@link #EMPTY}
     * @param settings each {@code path=value}; list elements are {@code path[0]}, a new one is {@code path[+]}; values
     *                 are YAML, and lists of simple values may be separated by commas
     * @throws ConfigException when a field or a value is wrong
     */
    public static NodeConfig read(ConfigDocument document, List<String> settings) {
        final Map<String, Object> tree = copy(document.tree());
        expect(document, tree.remove("apiVersion"), "apiVersion", NodeConfig.API_VERSION);
        expect(document, tree.remove("kind"), "kind", NodeConfig.KIND);
        tree.remove("metadata");
        final Map<String, Origin> overrides = new LinkedHashMap<>();
        for (final String setting : settings) {
            apply(tree, setting, overrides);
        }
        return new RecordBinder(document.origin(), overrides).bind(NodeConfig.class, tree, "");
    }

    private static void expect(ConfigDocument document, @Nullable Object found, String field, String wanted) {
        if (found != null && !found.equals(wanted)) {
            throw new ConfigException(document.origin(), field, found, "this weir reads " + wanted + "; write that");
        }
    }

    private static void apply(Map<String, Object> tree, String setting, Map<String, Origin> overrides) {
        final Origin origin = Origin.of("--set " + setting);
        final int equals = setting.indexOf('=');
        if (equals <= 0) {
            throw new ConfigException(origin, "", null, "write it as path=value, like workers.count=2");
        }
        final String path = setting.substring(0, equals).trim();
        final Object value = parse(setting.substring(equals + 1), origin);
        final List<String> steps = steps(path, origin);
        Object here = tree;
        final StringBuilder walked = new StringBuilder();
        for (int i = 0; i < steps.size(); i++) {
            final String step = steps.get(i);
            final boolean last = i == steps.size() - 1;
            final boolean nextIsList = !last && isIndex(steps.get(i + 1));
            here = step(here, step, last, nextIsList, value, walked, origin);
        }
        overrides.put(walked.toString(), origin);
    }

    /** Goes one step down, makes what is missing, and puts the value at the end. */
    @SuppressWarnings("unchecked") // trees are made of maps with text keys and of lists
    private static Object step(
            Object here,
            String step,
            boolean last,
            boolean nextIsList,
            Object value,
            StringBuilder walked,
            Origin origin) {
        final Object below = last ? value : nextIsList ? new ArrayList<>() : new LinkedHashMap<String, Object>();
        if (isIndex(step)) {
            if (!(here instanceof List)) {
                throw new ConfigException(origin, walked.toString(), null, "is no list; leave out the [" + step + "]");
            }
            final List<Object> list = (List<Object>) here;
            final int index = "+".equals(step) ? list.size() : Integer.parseInt(step);
            if (index > list.size()) {
                throw new ConfigException(
                        origin,
                        walked.toString(),
                        null,
                        "has " + list.size() + " elements; the next one is [" + list.size() + "] or [+]");
            }
            walked.append('[').append(index).append(']');
            if (index == list.size()) {
                list.add(below);
            } else if (last || !isBranch(list.get(index))) {
                list.set(index, below);
            }
            return list.get(index);
        }
        if (!(here instanceof Map)) {
            throw new ConfigException(
                    origin, walked.toString(), null, "is a list; write [0] behind it for its first element");
        }
        final Map<String, Object> map = (Map<String, Object>) here;
        if (!walked.isEmpty()) {
            walked.append('.');
        }
        walked.append(step);
        if (last || !isBranch(map.get(step))) {
            map.put(step, below);
        }
        return map.getOrDefault(step, below);
    }

    private static boolean isBranch(@Nullable Object value) {
        return value instanceof Map || value instanceof List;
    }

    private static boolean isIndex(String step) {
        return "+".equals(step) || (!step.isEmpty() && step.chars().allMatch(c -> c >= '0' && c <= '9'));
    }

    private static List<String> steps(String path, Origin origin) {
        final List<String> steps = new ArrayList<>();
        for (final String step : path.replace("[", ".").replace("]", "").split("\\.", -1)) {
            if (step.isEmpty() || (isIndex(step) && step.length() > 6)) {
                throw new ConfigException(origin, path, null, "is no path; write it like ports.uplinks[0].device");
            }
            steps.add(step);
        }
        return steps;
    }

    private static Object parse(String text, Origin origin) {
        try {
            final Object value = new Load(YAML).loadFromString(text);
            return value == null ? "" : value;
        } catch (final YamlEngineException e) {
            throw new ConfigException(origin, "", text, "is no YAML value; put quotes around it");
        }
    }

    private static Map<String, Object> copy(Map<String, Object> tree) {
        final Map<String, Object> copy = new LinkedHashMap<>();
        tree.forEach((key, value) -> copy.put(key, copyOf(value)));
        return copy;
    }

    @SuppressWarnings("unchecked") // trees are made of maps with text keys and of lists
    private static Object copyOf(Object value) {
        if (value instanceof Map) {
            return copy((Map<String, Object>) value);
        }
        if (value instanceof final List<?> list) {
            final List<Object> copy = new ArrayList<>();
            list.forEach(element -> copy.add(copyOf(element)));
            return copy;
        }
        return value;
    }
}
