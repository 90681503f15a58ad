package io.weir.tools;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who may know whom: ARCHITECTURE.md says it, the compiled classes must obey. */
final class ArchitectureTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(location -> !location.contains("-tests.jar"))
            .importPackages("io.weir");

    @Test
    void allModulesAreLookedAt() {
        for (final String module :
                new String[] {"dataplane", "conntrack", "lb", "policy", "vxlan", "ipvlan", "agent", "bench", "tools"}) {
            assertThat(CLASSES.stream().anyMatch(each -> each.getPackageName().startsWith("io.weir." + module)))
                    .as(module)
                    .isTrue();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "dataplane, 'conntrack,lb,policy,vxlan,ipvlan,agent,bench,tools'",
        "conntrack, 'lb,policy,vxlan,ipvlan,agent,bench,tools'",
        "lb, 'policy,vxlan,ipvlan,agent,bench,tools'",
        "policy, 'lb,vxlan,ipvlan,agent,bench,tools'",
        "vxlan, 'conntrack,lb,policy,ipvlan,agent,bench,tools'",
        "ipvlan, 'conntrack,lb,policy,vxlan,agent,bench,tools'",
        "agent, 'bench,tools'",
        "bench, 'tools'",
    })
    void modulesDependDownwardsOnly(String module, String forbidden) {
        final String[] packages = java.util.regex.Pattern.compile(",")
                .splitAsStream(forbidden)
                .map(name -> "io.weir." + name + "..")
                .toArray(String[]::new);
        noClasses()
                .that()
                .resideInAPackage("io.weir." + module + "..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(packages)
                .check(CLASSES);
    }

    @Test
    void theDataplaneNeedsLittle() {
        noClasses()
                .that()
                .resideInAPackage("io.weir.dataplane..")
                .should()
                .dependOnClassesThat()
                .resideOutsideOfPackages(
                        "io.weir.dataplane..",
                        "java..",
                        "org.agrona..",
                        "org.jctools..",
                        "org.HdrHistogram..",
                        "org.jspecify..")
                .check(CLASSES);
    }

    @Test
    void commandGroupsDoNotKnowEachOther() {
        slices().matching("io.weir.tools.(*)..").should().beFreeOfCycles().check(CLASSES);
    }
}
