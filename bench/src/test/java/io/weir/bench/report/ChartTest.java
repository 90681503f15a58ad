package io.weir.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ChartTest {
    private static final Pattern VIEW = Pattern.compile("viewBox=\"0 (-?\\d+) 960 (\\d+)\"");

    private static String svg(String title, List<String> categories, int series) {
        return Chart.bars(
                        title,
                        "Mpps",
                        categories,
                        IntStream.range(0, series)
                                .mapToObj(i -> Series.of(
                                        "a series with a long name " + i,
                                        "c" + i,
                                        categories.stream().map(_ -> 1.0).toList()))
                                .toList())
                .svg();
    }

    private static int[] view(String svg) {
        final Matcher matcher = VIEW.matcher(svg);
        assertThat(matcher.find()).as(svg).isTrue();
        return new int[] {Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2))};
    }

    @Test
    void namesThatHaveNoRoomBesideTheTitleGoBelowItInRows() {
        final String title = "a title";
        assertThat(view(svg(title, List.of("one"), 2))[0]).isZero();
        final String crowded = svg(title, List.of("one"), 9);
        assertThat(view(crowded)[0]).isEqualTo(-3 * 19);
        for (int i = 0; i < 9; i++) {
            assertThat(crowded).contains(">a series with a long name " + i + "</text>");
        }
        assertThat(view(svg("a title that takes the whole line: " + "long ".repeat(12), List.of("one"), 2))[0])
                .isNegative();
    }

    @Test
    void categoriesThatHaveNoRoomTakeSeveralLinesOrStandUpright() {
        final int height = view(svg("", List.of("one", "two"), 1))[1];
        final List<String> ten = IntStream.range(0, 8)
                .mapToObj(i -> "100,000 flows, policy " + i)
                .toList();
        final String wrapped = svg("", ten, 1);
        assertThat(wrapped)
                .contains(">100,000 flows,</text>", ">policy 3</text>")
                .doesNotContain("rotate");
        assertThat(view(wrapped)[1]).isEqualTo(height + 15);
        final List<String> thirty = IntStream.range(0, 30)
                .mapToObj(i -> "65,537 slots, 1,000 backends, " + i + " gone")
                .toList();
        final String upright = svg("", thirty, 1);
        assertThat(upright).contains("rotate(-90");
        assertThat(view(upright)[1]).isGreaterThan(height + 100);
    }
}
