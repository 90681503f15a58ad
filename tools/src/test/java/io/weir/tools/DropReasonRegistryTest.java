package io.weir.tools;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.weir.agent.node.WeirDropReasons;
import io.weir.dataplane.pipeline.DropReason;
import io.weir.dataplane.pipeline.DropReasons;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Drop reasons are public API: ids and labels are unique, keep to their module's range, and say what happened. */
final class DropReasonRegistryTest {
    private static final Map<String, int[]> RANGES = Map.of(
            "dataplane", new int[] {1, 63},
            "vxlan", new int[] {64, 79},
            "conntrack", new int[] {80, 111},
            "lb", new int[] {112, 127},
            "policy", new int[] {128, 143},
            "ipvlan", new int[] {144, 159});

    private static final List<DropReason> DECLARED = declared();

    @Test
    void idsAndLabelsAreUnique() {
        final Set<Integer> ids = new HashSet<>();
        final Set<String> labels = new HashSet<>();
        for (final DropReason reason : DECLARED) {
            assertThat(ids.add(reason.id())).as(reason.label()).isTrue();
            assertThat(labels.add(reason.label())).as(reason.label()).isTrue();
        }
    }

    @Test
    void idsKeepToTheirModulesRange() {
        for (final DropReason reason : DECLARED) {
            final String module = moduleOf(reason.getClass().getPackageName());
            assertThat(RANGES)
                    .as("a range for %s in DropReason's Javadoc and here", module)
                    .containsKey(module);
            final int[] range = RANGES.getOrDefault(module, new int[] {0, 0});
            assertThat(reason.id()).as(reason.label()).isBetween(range[0], range[1]);
        }
    }

    /** {@code io.weir.lb} and {@code io.weir.lb.x} are of {@code lb}. */
    private static String moduleOf(String packageName) {
        final String rest = packageName.substring("io.weir.".length());
        final int dot = rest.indexOf('.');
        return dot < 0 ? rest : rest.substring(0, dot);
    }

    @Test
    void labelsAndSentencesAreForReaders() {
        for (final DropReason reason : DECLARED) {
            assertThat(reason.label()).matches("[a-z0-9]+(-[a-z0-9]+)*");
            assertThat(reason.sentence()).as(reason.label()).endsWith(".").hasSizeGreaterThan(15);
            assertThat(reason.label()).isEqualTo(DropReasons.labelOf(((Enum<?>) reason).name()));
        }
    }

    @Test
    void everyReasonIsRegistered() {
        assertThat(WeirDropReasons.ALL.all()).containsExactlyInAnyOrderElementsOf(DECLARED);
    }

    /** All enums in weir's classes that implement DropReason, whether or not anybody registered them. */
    private static List<DropReason> declared() {
        final List<DropReason> reasons = new ArrayList<>();
        for (final JavaClass each : new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("io.weir")) {
            if (each.isEnum() && each.isAssignableTo(DropReason.class)) {
                for (final Object constant : each.reflect().getEnumConstants()) {
                    reasons.add((DropReason) constant);
                }
            }
        }
        assertThat(reasons).hasSizeGreaterThan(60);
        return reasons;
    }
}
