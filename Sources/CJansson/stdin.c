/* Debian's libjansson.a reaches stdin (in json_loadf, which Plaudit never calls) with a
   relocation that a shared library may not hold. The build renames that reference to this. */
__attribute__((visibility("hidden"))) void *pk_no_stdin = 0;
