/** Tests of policy against a model written from the specifications. */
@NullMarked
package io.weir.policy;

import org.jspecify.annotations.NullMarked;
