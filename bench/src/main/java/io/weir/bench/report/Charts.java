package io.weir.bench.report;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Which pictures a report has: rates with peers side by side, rates over flows, percentiles, and whatever else was measured. */
final class Charts {
    /** More lines than colours can't be told apart. */
    private static final int COLOURS = 8;

    /** One figure of each comparison is enough for a picture. */
    private static final Set<Metric> HEADLINES =
            Set.of(Metric.RATE, Metric.BITRATE, Metric.REQUESTS, Metric.latency(99.9));

    /** What the names of scenarios of big clusters and tables begin with. */
    private static final String SCALE = "scale-";

    private Charts() {}

    /** Packets a second of all scenarios, one chart for each number of flows and kind of packets. */
    static List<Chart> rates(List<Result> results) {
        final List<Chart> charts = new ArrayList<>();
        groups(plainRates(results), Result::variant).forEach((variant, group) -> {
            final List<String> scenarios = distinct(group, Result::scenario);
            charts.add(bars("Packets a second: " + variant.text(), "Mpps", scenarios, group, Result::scenario));
        });
        return charts;
    }

    /** How many times better than its peers weir is, by what matters most of each scenario; below 1 it is worse. */
    static List<Chart> ratios(List<Result> results) {
        final List<Result> compared = results.stream()
                .filter(result -> HEADLINES.contains(result.metric()) && result.subject() != Subject.TESTPMD)
                .toList();
        final List<Result> ours = compared.stream()
                .filter(result -> result.subject() == Subject.WEIR
                        && compared.stream().anyMatch(other -> other.subject() != Subject.WEIR && other.sameAs(result)))
                .toList();
        final List<Chart> charts = new ArrayList<>();
        groups(ours, result -> withoutDetail(result.variant())).forEach((variant, group) -> {
            final List<Series> series = new ArrayList<>();
            for (final Subject peer : Subject.values()) {
                final List<Double> factors = group.stream()
                        .map(result -> factor(result, peer, compared))
                        .toList();
                if (factors.stream().anyMatch(factor -> !Double.isNaN(factor))) {
                    series.add(Series.of("weir : " + peer.label(), peer.label(), factors));
                }
            }
            final List<String> names = group.stream().map(Charts::shortName).toList();
            charts.add(Chart.bars("Times as good as: " + variant.text(), "×", names, series)
                    .withMark(1));
        });
        return charts;
    }

    private static String shortName(Result result) {
        final String detail = result.variant().detail();
        final String name = detail.isEmpty() ? result.scenario() : result.scenario() + " " + detail;
        return isLatency(result) ? name + " p99.9" : name;
    }

    /** NaN when the peer did not do it. */
    private static double factor(Result ours, Subject peer, List<Result> all) {
        return find(all, result -> result.subject() == peer && peer != Subject.WEIR && result.sameAs(ours))
                .map(theirs -> ours.metric().moreIsBetter()
                        ? ours.median() / theirs.median()
                        : theirs.median() / ours.median())
                .orElse(Double.NaN);
    }

    /** How weir's rate changes with the number of flows. */
    static List<Chart> overFlows(List<Result> results) {
        final List<Chart> charts = new ArrayList<>();
        final List<Result> ours = plainRates(results).stream()
                .filter(result -> result.subject() == Subject.WEIR)
                .toList();
        groups(ours, result -> withoutFlows(result.variant())).forEach((variant, group) -> {
            final List<Integer> flows = group.stream()
                    .map(result -> result.variant().flows())
                    .distinct()
                    .sorted()
                    .toList();
            if (flows.size() > 1) {
                final List<Series> series = new ArrayList<>();
                for (final String scenario : distinct(group, Result::scenario)) {
                    final List<Double> values = flows.stream()
                            .map(count -> find(
                                    group,
                                    result -> result.scenario().equals(scenario)
                                            && result.variant().flows() == count))
                            .map(found -> found.map(Result::median).orElse(Double.NaN))
                            .toList();
                    series.add(Series.of(scenario, "c" + series.size() % COLOURS, values));
                }
                final List<String> names =
                        flows.stream().map("%,d flows"::formatted).toList();
                final String kind = variant.text().replaceFirst("^[^,]*, ", "");
                charts.add(Chart.lines("weir's rate over flows: " + kind, "Mpps", names, series, false));
            }
        });
        return charts;
    }

    /** Delays, one chart for each scenario and kind of packets. */
    static List<Chart> latencies(List<Result> results) {
        final List<Chart> charts = new ArrayList<>();
        final List<Result> delays = results.stream().filter(Charts::isLatency).toList();
        groups(delays, result -> List.of(result.scenario(), withoutDetail(result.variant())))
                .values()
                .forEach(group -> {
                    final String title = "Delay: " + group.getFirst().scenario() + ", "
                            + withoutDetail(group.getFirst().variant()).text();
                    final List<Metric> metrics = distinct(group, Result::metric);
                    final List<Series> series = new ArrayList<>();
                    final Set<Object> seen = new LinkedHashSet<>();
                    final boolean hasOneVariant =
                            distinct(group, Result::variant).size() == 1;
                    for (final Result result : group) {
                        if (seen.add(List.of(result.subject(), result.variant())) && series.size() < COLOURS) {
                            final List<Double> values = metrics.stream()
                                    .map(metric -> find(
                                            group,
                                            other -> other.subject() == result.subject()
                                                    && other.variant().equals(result.variant())
                                                    && other.metric().equals(metric)))
                                    .map(found -> found.map(Result::median).orElse(Double.NaN))
                                    .toList();
                            final String detail = result.variant().detail().isEmpty()
                                    ? result.variant().text()
                                    : result.variant().detail();
                            final String who = result.subject().label();
                            series.add(
                                    Series.of(hasOneVariant ? who : who + ", " + detail, "c" + series.size(), values));
                        }
                    }
                    final List<String> names = metrics.stream()
                            .map(metric -> metric.name()
                                    .replace("latency-p100", "longest")
                                    .replace("latency-", ""))
                            .toList();
                    charts.add(Chart.lines(title, metrics.getFirst().unit(), names, series, true));
                });
        return charts;
    }

    /** Big clusters and tables, one chart for each metric: {@code scale-routes}, {@code scale-services} and so on side by side. */
    static List<Chart> scales(List<Result> results) {
        final List<Result> scales = results.stream().filter(Charts::isScale).toList();
        final List<Chart> charts = new ArrayList<>();
        groups(scales, Result::metric).forEach((metric, group) -> {
            final Function<Result, String> name =
                    result -> result.scenario().substring(SCALE.length()) + ": " + nameWithin(group, result);
            charts.add(bars("scale: " + metric.name(), metric.unit(), distinct(group, name), group, name));
        });
        return charts;
    }

    private static boolean isScale(Result result) {
        return result.scenario().startsWith(SCALE) && !isLatency(result);
    }

    /** Everything else, one chart for each scenario and metric that has more than one figure: one alone is no picture. */
    static List<Chart> others(List<Result> results) {
        final List<Chart> charts = new ArrayList<>();
        final List<Result> rates = plainRates(results);
        final List<Result> rest = results.stream()
                .filter(result -> !isLatency(result)
                        && !isScale(result)
                        && !result.metric().equals(Metric.RATE_NET)
                        && !rates.contains(result))
                .toList();
        groups(rest, result -> List.of(result.scenario(), result.metric())).values().stream()
                .filter(group -> group.size() > 1)
                .forEach(group -> {
                    final Result first = group.getFirst();
                    final Function<Result, String> name = result -> nameWithin(group, result);
                    charts.add(bars(
                            first.scenario() + ": " + first.metric().name(),
                            first.metric().unit(),
                            distinct(group, name),
                            group,
                            name));
                });
        return charts;
    }

    /** What distinguishes a result from the others of its chart. */
    private static String nameWithin(List<Result> group, Result result) {
        final String detail = result.variant().detail();
        final boolean detailTells =
                distinct(group, each -> each.variant().detail()).size()
                        == distinct(group, Result::variant).size();
        if (detailTells && !detail.isEmpty()) {
            return detail;
        }
        final String flows = "%,d flows".formatted(result.variant().flows());
        return detail.isEmpty() ? flows : flows + ", " + detail;
    }

    private static Chart bars(
            String title, String unit, List<String> categories, List<Result> group, Function<Result, String> category) {
        final List<Series> series = new ArrayList<>();
        for (final Subject subject :
                distinct(group, Result::subject).stream().sorted().toList()) {
            final List<Optional<Result>> found = categories.stream()
                    .map(name -> find(
                            group,
                            result -> result.subject() == subject
                                    && category.apply(result).equals(name)))
                    .toList();
            series.add(new Series(
                    subject.label(),
                    subject.label(),
                    figures(found, Result::median),
                    figures(found, Result::lowest),
                    figures(found, Result::highest)));
        }
        return Chart.bars(title, unit, categories, series);
    }

    private static List<Double> figures(Collection<Optional<Result>> results, Function<Result, Double> figure) {
        return results.stream()
                .map(result -> result.map(figure).orElse(Double.NaN))
                .toList();
    }

    /** Of the packet path alone: rates through devices, of which the machine's cores are measured, are of another kind. */
    private static List<Result> plainRates(List<Result> results) {
        final Set<String> devices = results.stream()
                .filter(result -> result.metric().equals(Metric.CORES))
                .map(Result::scenario)
                .collect(Collectors.toSet());
        return results.stream()
                .filter(result -> result.metric().equals(Metric.RATE)
                        && result.variant().detail().isEmpty()
                        && !isScale(result)
                        && !devices.contains(result.scenario()))
                .toList();
    }

    private static boolean isLatency(Result result) {
        return result.metric().name().startsWith("latency-p");
    }

    private static Variant withoutFlows(Variant variant) {
        return new Variant(
                0, variant.packets(), variant.ipv6(), variant.protocol(), variant.workers(), variant.detail());
    }

    private static Variant withoutDetail(Variant variant) {
        return variant.withDetail("");
    }

    private static Optional<Result> find(List<Result> group, java.util.function.Predicate<Result> wanted) {
        return group.stream().filter(wanted).findFirst();
    }

    private static <T> List<T> distinct(List<Result> group, Function<Result, T> what) {
        return group.stream().map(what).distinct().toList();
    }

    private static <K> Map<K, List<Result>> groups(List<Result> results, Function<Result, K> key) {
        return results.stream().collect(Collectors.groupingBy(key, LinkedHashMap::new, Collectors.toList()));
    }
}
