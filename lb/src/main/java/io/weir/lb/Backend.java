package io.weir.lb;

/**
 * A backend that the compiler has given an id and a version slot.
 *
 * @param id          see {@link BackendTable}
 * @param versionSlot changes when the backend goes
 */
record Backend(int id, int versionSlot, BackendSpec spec) {}
