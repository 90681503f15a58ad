package io.weir.policy.spec;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Kubernetes' label selector: all labels and all expressions must hold; an empty selector matches everything.
 *
 * @param matchLabels label keys with the value that each must have
 * @param expressions further conditions
 */
public record LabelSelector(Map<String, String> matchLabels, List<Expression> expressions) {
    public static final LabelSelector EVERYTHING = new LabelSelector(Map.of(), List.of());

    public LabelSelector {
        matchLabels = Map.copyOf(matchLabels);
        expressions = List.copyOf(expressions);
    }

    /** What an expression asks of a key. */
    public enum Operator {
        /** The key is there, with one of the values. */
        IN,
        /** The key is missing, or has none of the values. */
        NOT_IN,
        EXISTS,
        DOES_NOT_EXIST,
        /** An operator that weir does not know: never holds, so that nothing is opened by mistake. */
        UNKNOWN
    }

    /** One condition on one key. {@code values} matter for IN and NOT_IN only. */
    public record Expression(String key, Operator operator, Set<String> values) {
        public Expression {
            values = Set.copyOf(values);
        }

        boolean matches(Map<String, String> labels) {
            final String value = labels.get(key);
            return switch (operator) {
                case IN -> value != null && values.contains(value);
                case NOT_IN -> value == null || !values.contains(value);
                case EXISTS -> value != null;
                case DOES_NOT_EXIST -> value == null;
                case UNKNOWN -> false;
            };
        }

        @Override
        public String toString() {
            return switch (operator) {
                case IN -> key + " in " + values.stream().sorted().toList();
                case NOT_IN -> key + " not in " + values.stream().sorted().toList();
                case EXISTS -> key;
                case DOES_NOT_EXIST -> "!" + key;
                case UNKNOWN -> key + " ?";
            };
        }
    }

    public static LabelSelector of(String key, String value) {
        return new LabelSelector(Map.of(key, value), List.of());
    }

    public boolean isEverything() {
        return matchLabels.isEmpty() && expressions.isEmpty();
    }

    public boolean matches(Map<String, String> labels) {
        for (final Map.Entry<String, String> wanted : matchLabels.entrySet()) {
            if (!wanted.getValue().equals(labels.get(wanted.getKey()))) {
                return false;
            }
        }
        for (final Expression expression : expressions) {
            if (!expression.matches(labels)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public String toString() {
        if (isEverything()) {
            return "*";
        }
        final StringBuilder text = new StringBuilder();
        matchLabels.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(label -> text.append(text.isEmpty() ? "" : ", ").append(label));
        expressions.forEach(
                expression -> text.append(text.isEmpty() ? "" : ", ").append(expression));
        return text.toString();
    }
}
