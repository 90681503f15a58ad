package io.weir.dataplane.pipeline;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** All drop reasons of one weir, found by id; made where the pipeline is wired. */
public final class DropReasons {
    private final @Nullable DropReason[] byId = new @Nullable DropReason[DropReason.ID_LIMIT];

    /**
     * @param enums the values of each module's enum
     * @throws IllegalArgumentException when two reasons share an id or a label
     */
    public DropReasons(DropReason[]... enums) {
        final List<String> labels = new ArrayList<>();
        for (final DropReason[] reasons : enums) {
            for (final DropReason reason : reasons) {
                if (byId[reason.id()] != null || labels.contains(reason.label())) {
                    throw new IllegalArgumentException(
                            "drop reason " + reason.id() + " " + reason.label() + " is defined twice");
                }
                byId[reason.id()] = reason;
                labels.add(reason.label());
            }
        }
    }

    public @Nullable DropReason byId(int id) {
        return byId[id];
    }

    /** All reasons in the order of their ids. */
    public List<DropReason> all() {
        final List<DropReason> all = new ArrayList<>();
        for (final DropReason reason : byId) {
            if (reason != null) {
                all.add(reason);
            }
        }
        return all;
    }

    /** {@code NO_ROUTE} becomes {@code no-route}. */
    public static String labelOf(String enumName) {
        return enumName.toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
