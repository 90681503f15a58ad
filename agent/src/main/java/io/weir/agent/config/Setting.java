package io.weir.agent.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * One setting of {@link NodeConfig}: a component of a section's record. Reading, checking, defaults, {@code --set} and
 * the reference in the module's README follow from it.
 *
 * <p>A component without a default must be written, unless its type is {@code @Nullable} (then it is null), a list (then
 * it is empty) or a section (then all of its settings have their defaults).
 */
@Target(ElementType.RECORD_COMPONENT)
@Retention(RetentionPolicy.RUNTIME)
public @interface Setting {
    /** What it does, in one sentence, with the unit where there is one. */
    String value();

    /** The default in the text form that {@code --set} takes; list elements are separated by commas. */
    String byDefault() default "";

    /** Smallest number; for a duration in milliseconds; for a list the fewest elements. */
    long min() default Long.MIN_VALUE;

    /** Largest number; for a duration in milliseconds; for a list the most elements. */
    long max() default Long.MAX_VALUE;
}
