/** A cluster with very many Services, and what a change among them costs while packets flow. */
@NullMarked
package io.weir.bench.services;

import org.jspecify.annotations.NullMarked;
