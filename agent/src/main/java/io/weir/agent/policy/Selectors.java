package io.weir.agent.policy;

import io.fabric8.kubernetes.api.model.LabelSelectorRequirement;
import io.weir.agent.config.ConfigException;
import io.weir.agent.config.Origin;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.policy.spec.LabelSelector;
import io.weir.policy.spec.LabelSelector.Expression;
import io.weir.policy.spec.LabelSelector.Operator;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Values that both kinds of policy are made of. */
final class Selectors {
    private Selectors() {}

    /** Nothing and an empty selector select everything. */
    static LabelSelector selector(
            io.fabric8.kubernetes.api.model.@Nullable LabelSelector selector, Origin origin, String path) {
        if (selector == null) {
            return LabelSelector.EVERYTHING;
        }
        final List<Expression> expressions = new ArrayList<>();
        final List<LabelSelectorRequirement> requirements = selector.getMatchExpressions();
        for (int i = 0; requirements != null && i < requirements.size(); i++) {
            expressions.add(expression(requirements.get(i), origin, path + ".matchExpressions[" + i + "]"));
        }
        final Map<String, String> labels = selector.getMatchLabels();
        return new LabelSelector(labels == null ? Map.of() : labels, expressions);
    }

    private static Expression expression(LabelSelectorRequirement requirement, Origin origin, String path) {
        if (requirement.getKey() == null || requirement.getKey().isEmpty()) {
            throw new ConfigException(origin, path + ".key", requirement.getKey(), "name a label");
        }
        final Operator operator = switch (String.valueOf(requirement.getOperator())) {
            case "In" -> Operator.IN;
            case "NotIn" -> Operator.NOT_IN;
            case "Exists" -> Operator.EXISTS;
            case "DoesNotExist" -> Operator.DOES_NOT_EXIST;
            default ->
                throw new ConfigException(
                        origin,
                        path + ".operator",
                        requirement.getOperator(),
                        "write In, NotIn, Exists or DoesNotExist");
        };
        final List<String> values = requirement.getValues() == null ? List.of() : requirement.getValues();
        final boolean wantsValues = operator == Operator.IN || operator == Operator.NOT_IN;
        if (wantsValues == values.isEmpty()) {
            throw new ConfigException(
                    origin,
                    path + ".values",
                    values,
                    wantsValues
                            ? "list at least one value"
                            : "leave it out; " + requirement.getOperator() + " has none");
        }
        return new Expression(requirement.getKey(), operator, Set.copyOf(values));
    }

    static IpPrefix prefix(@Nullable String text, Origin origin, String path) {
        try {
            if (text != null && text.indexOf('/') > 0) {
                return IpPrefix.parse(text);
            }
        } catch (final IllegalArgumentException e) {
            throw new ConfigException(origin, path, text, "write a range like 10.0.0.0/8 or fd00::/8");
        }
        throw new ConfigException(origin, path, text, "write a range like 10.0.0.0/8 or fd00::/8");
    }

    static int port(@Nullable Number number, Origin origin, String path) {
        if (number == null || number.longValue() < 1 || number.longValue() > 0xFFFF) {
            throw new ConfigException(origin, path, number, "write a port from 1 to 65535");
        }
        return number.intValue();
    }
}
