package io.weir.agent.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** Whatever NodeConfig is written is read back the same; random trees and random settings never surprise the reader. */
final class NodeConfigPropertyTest {
    private static final Origin HERE = Origin.of("test");

    @Property(tries = 300)
    void writtenIsReadBack(@ForAll long seed) {
        final NodeConfig config = randomConfig(new Random(seed));
        final String yaml = NodeConfigWriter.yaml(config);
        @SuppressWarnings("unchecked")
        final Map<String, Object> tree =
                (Map<String, Object>) new Load(LoadSettings.builder().build()).loadFromString(yaml);
        assertThat(NodeConfigReader.read(new ConfigDocument(tree, HERE), List.of()))
                .isEqualTo(config);
    }

    @Property(tries = 300)
    void eachSettingCanBeSetByItsPath(@ForAll long seed) {
        final NodeConfig config = randomConfig(new Random(seed));
        final List<String> settings = new ArrayList<>();
        flatten("", NodeConfigWriter.tree(config), settings);
        assertThat(NodeConfig.of(settings.toArray(String[]::new))).isEqualTo(config);
    }

    @Property(tries = 1000)
    void anyTextIsReadOrRefused(@ForAll String setting) {
        final Throwable thrown = catchThrowable(() -> NodeConfig.of(setting));
        if (thrown != null) {
            assertThat(thrown).isInstanceOf(ConfigException.class);
        }
    }

    private static void flatten(String path, Object value, List<String> settings) {
        switch (value) {
            case final Map<?, ?> map ->
                map.forEach((key, below) -> {
                    if (!path.isEmpty() || (!key.equals("apiVersion") && !key.equals("kind"))) {
                        flatten(path.isEmpty() ? key.toString() : path + "." + key, below, settings);
                    }
                });
            case final List<?> list -> {
                for (int i = 0; i < list.size(); i++) {
                    flatten(path + "[" + i + "]", list.get(i), settings);
                }
            }
            default -> settings.add(path + "=\"" + value + "\"");
        }
    }

    /** A tree with random values for a random choice of settings, read as a config; trees that contradict are redrawn. */
    private static NodeConfig randomConfig(Random random) {
        while (true) {
            try {
                return NodeConfigReader.read(
                        new ConfigDocument(randomSection(NodeConfig.class, random), HERE), List.of());
            } catch (final ConfigException e) {
                // a rule that spans several settings, such as two uplinks of one name: draw again
                assertThat(e.field()).as(e.getMessage()).isIn("services", "ports", "workers", "routes[0]", "routes[1]");
            }
        }
    }

    private static Map<String, Object> randomSection(Class<?> type, Random random) {
        final Map<String, Object> tree = new LinkedHashMap<>();
        for (final RecordComponent component : type.getRecordComponents()) {
            final Setting setting = RecordBinder.settingOf(component);
            final boolean required = setting.byDefault().isEmpty() && !RecordBinder.isOptional(component);
            final Object value = random.nextInt(3) == 0 && !required ? null : randomValue(component, setting, random);
            if (value != null) {
                tree.put(component.getName(), value);
            }
        }
        return tree;
    }

    private static @Nullable Object randomValue(RecordComponent component, Setting setting, Random random) {
        final Class<?> type = component.getType();
        if (type == List.class) {
            final Class<?> element = RecordBinder.elementType(component);
            final List<Object> list = new ArrayList<>();
            final boolean oneEach = component.getName().equals("gateways");
            for (int i = random.nextInt(oneEach ? 2 : 3); i > 0; i--) {
                list.add(
                        Scalars.isScalar(element)
                                ? randomScalar(element, setting, random)
                                : randomSection(element, random));
            }
            return list;
        }
        return Scalars.isScalar(type) ? randomScalar(type, setting, random) : randomSection(type, random);
    }

    private static Object randomScalar(Class<?> type, Setting setting, Random random) {
        if (type.isEnum()) {
            final Object[] constants = type.getEnumConstants();
            return Scalars.write(constants[random.nextInt(constants.length)]);
        }
        return switch (type.getSimpleName()) {
            case "String" -> "n" + random.nextInt(1_000_000);
            case "int", "Integer", "long" -> setting.value().contains("prime") ? 1021 : number(setting, random);
            case "boolean" -> random.nextBoolean();
            case "Duration" -> setting.min() + random.nextLong(setting.max() - setting.min() + 1) + "ms";
            case "IpAddress" ->
                random.nextBoolean() ? "10.1.2." + random.nextInt(256) : "fd00::" + random.nextInt(9999);
            case "IpPrefix" -> "10." + random.nextInt(256) + ".0.0/" + random.nextInt(33);
            case "MacAddress" -> "02:00:00:00:00:" + (10 + random.nextInt(90));
            case "InterfaceAddress" -> "10.0.0." + random.nextInt(256) + "/" + random.nextInt(33);
            case "PortRange" -> random.nextInt(1000) + "-" + (1000 + random.nextInt(60000));
            default -> throw new IllegalStateException("draw a " + type);
        };
    }

    private static long number(Setting setting, Random random) {
        final long min = Math.max(setting.min(), 0);
        final long max = Math.min(setting.max(), Integer.MAX_VALUE);
        return min + random.nextLong(max - min + 1);
    }
}
