package io.weir.agent.config;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.common.FlowStyle;

/** Writes a {@link NodeConfig} with all its settings, as {@link NodeConfigReader} reads it. */
public final class NodeConfigWriter {
    private static final DumpSettings BLOCK =
            DumpSettings.builder().setDefaultFlowStyle(FlowStyle.BLOCK).build();

    private NodeConfigWriter() {}

    /** A YAML document. */
    public static String yaml(NodeConfig config) {
        return new Dump(BLOCK).dumpToString(tree(config));
    }

    /** Maps, lists and simple values; absent settings are left out. */
    public static Map<String, Object> tree(NodeConfig config) {
        final Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("apiVersion", NodeConfig.API_VERSION);
        tree.put("kind", NodeConfig.KIND);
        tree.putAll(section(config));
        return tree;
    }

    private static Map<String, Object> section(Record section) {
        final Map<String, Object> tree = new LinkedHashMap<>();
        for (final RecordComponent component : section.getClass().getRecordComponents()) {
            final Object value = read(component, section);
            if (value != null) {
                tree.put(component.getName(), write(value));
            }
        }
        return tree;
    }

    private static Object write(Object value) {
        if (value instanceof final List<?> list) {
            final List<Object> written = new ArrayList<>();
            list.forEach(element -> written.add(write(element)));
            return written;
        }
        return value instanceof final Record section && !Scalars.isScalar(value.getClass())
                ? section(section)
                : Scalars.write(value);
    }

    private static @Nullable Object read(RecordComponent component, Record section) {
        try {
            return component.getAccessor().invoke(section);
        } catch (final ReflectiveOperationException e) {
            throw new IllegalStateException("accessor of " + component, e);
        }
    }
}
