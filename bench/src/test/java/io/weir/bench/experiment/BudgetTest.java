package io.weir.bench.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.bench.throughput.Scenarios;
import io.weir.bench.throughput.ThroughputExperiment;
import java.util.List;
import org.junit.jupiter.api.Test;

class BudgetTest {
    private final List<Experiment> experiments = Scenarios.all().stream()
            .map(scenario -> (Experiment) new ThroughputExperiment(scenario))
            .toList();

    @Test
    void muchTimeMakesLongRunsAndLittleTimeShortOnes() {
        final Settings much = new Budget(24 * 60).settings(experiments, Settings.DEFAULT);
        assertThat(much.runs()).isEqualTo(5);
        assertThat(much.seconds()).isEqualTo(2);
        assertThat(much.warmUpSeconds()).isEqualTo(5);
        final Settings little = new Budget(60).settings(experiments, Settings.DEFAULT);
        assertThat(little.runs()).isEqualTo(3);
        assertThat(little.seconds()).isEqualTo(0.3);
        assertThat(little.warmUpSeconds()).isEqualTo(2);
    }

    @Test
    void whatIsLeftGoesToThoseToCome() {
        final Budget budget = new Budget(3 * 60);
        final double first = budget.settings(experiments, Settings.DEFAULT).seconds();
        final double last =
                budget.settings(experiments.subList(6, 8), Settings.DEFAULT).seconds();
        assertThat(last).isGreaterThan(first);
    }
}
