/** Who may talk to whom: compiles network policies into tables and judges connections by them. */
@NullMarked
package io.weir.policy;

import org.jspecify.annotations.NullMarked;
