package io.weir.dataplane.linux;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Marks a test (class or method) that builds network namespaces: tagged {@code topology}, and skipped with a message
 * where this process may not build them (it needs root or CAP_SYS_ADMIN and CAP_NET_ADMIN, and the program {@code ip}).
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Tag("topology")
@ExtendWith(TopologyCondition.class)
public @interface TopologyTest {}
