package io.weir.agent.config;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;

/** Every setting of {@link NodeConfig} as rows of a Markdown table; made of the records, so that it can't be out of date. */
public final class SettingReference {
    private static final String HEAD = "| setting | value | default | meaning |\n|---|---|---|---|\n";

    private SettingReference() {}

    /** The whole table. */
    public static String markdown() {
        final List<String> rows = new ArrayList<>();
        section(NodeConfig.class, "", rows);
        return HEAD + String.join("\n", rows) + "\n";
    }

    private static void section(Class<?> type, String path, List<String> rows) {
        for (final RecordComponent component : type.getRecordComponents()) {
            final Setting setting = RecordBinder.settingOf(component);
            final String name = path + component.getName();
            final boolean isList = component.getType() == List.class;
            final Class<?> element = isList ? RecordBinder.elementType(component) : component.getType();
            if (Scalars.isScalar(element)) {
                rows.add(row(name, values(setting, element, isList), standard(component, setting), setting.value()));
            } else {
                if (isList) {
                    rows.add(row(name, "list", "empty", setting.value()));
                }
                section(element, name + (isList ? "[]." : "."), rows);
            }
        }
    }

    private static String row(String name, String values, String standard, String meaning) {
        return "| `" + name + "` | " + values + " | " + standard + " | " + meaning.replace("|", "\\|") + " |";
    }

    private static String values(Setting setting, Class<?> element, boolean isList) {
        final String type = (isList ? "list: " : "") + Scalars.typeName(element);
        final boolean isNumber = element == int.class || element == Integer.class || element == long.class;
        if (!isNumber || isList || (setting.min() == Long.MIN_VALUE && setting.max() == Long.MAX_VALUE)) {
            return type;
        }
        return setting.max() == Long.MAX_VALUE ? "at least " + setting.min() : setting.min() + " to " + setting.max();
    }

    private static String standard(RecordComponent component, Setting setting) {
        if (!setting.byDefault().isEmpty()) {
            return "`" + setting.byDefault() + "`";
        }
        return component.getType() == List.class ? "empty" : RecordBinder.isOptional(component) ? "absent" : "required";
    }
}
