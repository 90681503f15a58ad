@NullMarked
package io.weir.ipvlan;

import org.jspecify.annotations.NullMarked;
