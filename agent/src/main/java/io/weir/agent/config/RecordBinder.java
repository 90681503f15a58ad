package io.weir.agent.config;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Fills records from a tree of maps, lists and simple values, as their {@link Setting} annotations say. Unknown fields
 * are refused.
 */
final class RecordBinder {
    private final Origin origin;
    private final Map<String, Origin> overrides;

    /**
     * @param origin    where the tree was written
     * @param overrides where single paths in it were written, when elsewhere
     */
    RecordBinder(Origin origin, Map<String, Origin> overrides) {
        this.origin = origin;
        this.overrides = overrides;
    }

    <R> R bind(Class<R> type, Map<?, ?> tree, String path) {
        final RecordComponent[] components = type.getRecordComponents();
        refuseUnknown(components, tree, path);
        final @Nullable Object[] values = new @Nullable Object[components.length];
        final Class<?>[] types = new Class<?>[components.length];
        for (int i = 0; i < components.length; i++) {
            types[i] = components[i].getType();
            final String name = components[i].getName();
            values[i] = value(components[i], tree.get(name), path.isEmpty() ? name : path + "." + name);
        }
        try {
            return type.getDeclaredConstructor(types).newInstance(values);
        } catch (final InvocationTargetException e) {
            if (e.getCause() instanceof final IllegalArgumentException wrong) {
                throw new ConfigException(originOf(path, true), path, null, String.valueOf(wrong.getMessage()));
            }
            throw new IllegalStateException("constructor of " + type, e);
        } catch (final ReflectiveOperationException e) {
            throw new IllegalStateException("constructor of " + type, e);
        }
    }

    private @Nullable Object value(RecordComponent component, @Nullable Object written, String path) {
        final Setting setting = settingOf(component);
        final Class<?> type = component.getType();
        if (type == List.class) {
            return list(component, setting, written, path);
        }
        if (type.isRecord() && !Scalars.isScalar(type)) {
            return section(type, written, path);
        }
        Object given = written;
        if (given == null || (given.equals("") && isOptional(component))) {
            if (isOptional(component)) {
                return null;
            }
            if (setting.byDefault().isEmpty()) {
                final String section = path.substring(0, Math.max(0, path.lastIndexOf('.')));
                throw new ConfigException(
                        originOf(section, true), path, null, "is missing; write " + Scalars.typeName(type));
            }
            given = setting.byDefault();
        }
        return scalar(type, setting, given, path);
    }

    private Object section(Class<?> type, @Nullable Object written, String path) {
        if (written == null) {
            return bind(type, Map.of(), path);
        }
        if (written instanceof final Map<?, ?> map) {
            return bind(type, map, path);
        }
        throw new ConfigException(originOf(path, true), path, written, "expects fields: " + namesOf(type));
    }

    private List<Object> list(RecordComponent component, Setting setting, @Nullable Object written, String path) {
        final Class<?> type = elementType(component);
        final boolean scalar = Scalars.isScalar(type);
        final List<?> elements;
        if (written == null) {
            elements = commas(setting.byDefault());
        } else if (written instanceof final List<?> list) {
            elements = list;
        } else if (scalar && !(written instanceof Map)) {
            elements = commas(written.toString());
        } else {
            throw new ConfigException(
                    originOf(path, true),
                    path,
                    written,
                    "expects a list of " + (scalar ? Scalars.typeName(type) : "entries with " + namesOf(type)));
        }
        if (elements.size() > setting.max() || elements.size() < setting.min()) {
            throw new ConfigException(
                    originOf(path, true),
                    path,
                    null,
                    "has " + elements.size() + " elements; write " + bounds(setting, "elements"));
        }
        final List<Object> values = new ArrayList<>();
        for (int i = 0; i < elements.size(); i++) {
            final String elementPath = path + "[" + i + "]";
            final Object element = elements.get(i);
            if (element == null) {
                throw new ConfigException(originOf(elementPath, false), elementPath, null, "is empty; remove it");
            }
            values.add(scalar ? parse(type, element, elementPath) : section(type, element, elementPath));
        }
        return values;
    }

    private static List<String> commas(String text) {
        return text.isBlank() ? List.of() : Arrays.asList(text.trim().split("\\s*,\\s*"));
    }

    private Object scalar(Class<?> type, Setting setting, Object written, String path) {
        final Object value = parse(type, written, path);
        if (value instanceof final Number number
                && (number.longValue() < setting.min() || number.longValue() > setting.max())) {
            throw new ConfigException(originOf(path, false), path, written, "write " + bounds(setting, ""));
        }
        if (value instanceof final Duration duration
                && (duration.toMillis() < setting.min() || duration.toMillis() > setting.max())) {
            throw new ConfigException(originOf(path, false), path, written, "write " + bounds(setting, "milliseconds"));
        }
        return value;
    }

    private Object parse(Class<?> type, Object written, String path) {
        final Object value = written instanceof Map || written instanceof List ? null : Scalars.parse(type, written);
        if (value == null) {
            throw new ConfigException(originOf(path, false), path, written, "write " + Scalars.typeName(type));
        }
        return value;
    }

    private static String bounds(Setting setting, String unit) {
        final String suffix = unit.isEmpty() ? "" : " " + unit;
        if (setting.min() == Long.MIN_VALUE) {
            return "at most " + setting.max() + suffix;
        }
        if (setting.max() == Long.MAX_VALUE) {
            return "at least " + setting.min() + suffix;
        }
        return setting.min() + " to " + setting.max() + suffix;
    }

    private void refuseUnknown(RecordComponent[] components, Map<?, ?> tree, String path) {
        final List<String> known =
                Arrays.stream(components).map(RecordComponent::getName).toList();
        for (final Object key : tree.keySet()) {
            if (!known.contains(String.valueOf(key))) {
                final String name = String.valueOf(key);
                final String field = path.isEmpty() ? name : path + "." + name;
                throw new ConfigException(
                        originOf(field, true), field, null, "is no field here; " + NearestName.hint(name, known));
            }
        }
    }

    /**
     * Where a path was written.
     *
     * @param below whether an override of something below the path counts too
     */
    private Origin originOf(String path, boolean below) {
        Origin found = origin;
        for (final Map.Entry<String, Origin> override : overrides.entrySet()) {
            final String overridden = override.getKey();
            if (isAtOrBelow(path, overridden) || (below && isAtOrBelow(overridden, path))) {
                found = override.getValue();
            }
        }
        return found;
    }

    private static boolean isAtOrBelow(String path, String ancestor) {
        return ancestor.isEmpty()
                || (path.startsWith(ancestor)
                        && (path.length() == ancestor.length() || ".[".indexOf(path.charAt(ancestor.length())) >= 0));
    }

    static Setting settingOf(RecordComponent component) {
        final Setting setting = component.getAnnotation(Setting.class);
        if (setting == null) {
            throw new IllegalStateException(
                    component.getDeclaringRecord().getSimpleName() + "." + component.getName() + " has no @Setting");
        }
        return setting;
    }

    static boolean isOptional(RecordComponent component) {
        return component.getAnnotatedType().isAnnotationPresent(Nullable.class);
    }

    static Class<?> elementType(RecordComponent component) {
        return (Class<?>) ((ParameterizedType) component.getGenericType()).getActualTypeArguments()[0];
    }

    private static String namesOf(Class<?> type) {
        return String.join(
                ", ",
                Arrays.stream(type.getRecordComponents())
                        .map(RecordComponent::getName)
                        .toList());
    }
}
