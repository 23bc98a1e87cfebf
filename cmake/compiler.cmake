# The compiler, its flags, and the sentence that says what to install when it is the wrong one.

if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR
    "Tidemill needs clang 19 or newer; this is ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION} "
    "(g++ 12 miscompiles coroutines). On Debian 12: apt-get install clang-19 lld-19 libclang-rt-19-dev, "
    "then configure with a preset of CMakePresets.json, or just run ./dev run.")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
add_compile_options(-fPIE)  # all is linked into executables; one mode, so that precompiled headers fit everywhere

find_program(CCACHE ccache)
if(CCACHE)
  # What a precompiled header needs to be cached; what a file includes is taken from the compiler, not found out before.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_DEPEND=1
    CCACHE_IGNOREOPTIONS=-fproc-stat-report=* ${CCACHE})
endif()

add_link_options(-fuse-ld=lld-19)
# Archives have no symbol index: lld does not need one, and an `ar` that is older than the compiler cannot make one
# from LTO objects.
foreach(language C CXX)
  set(CMAKE_${language}_ARCHIVE_CREATE "<CMAKE_AR> qcS <TARGET> <LINK_FLAGS> <OBJECTS>")
  set(CMAKE_${language}_ARCHIVE_APPEND "<CMAKE_AR> qS <TARGET> <LINK_FLAGS> <OBJECTS>")
  set(CMAKE_${language}_ARCHIVE_FINISH "")
endforeach()

# Linked by our targets only, so that third-party headers stay out of it.
add_library(tm_warnings INTERFACE)
target_compile_options(tm_warnings INTERFACE -Wall -Wextra -Wshadow -Wconversion -Wnon-virtual-dtor -Werror
  -Wno-missing-designated-field-initializers)  # our structs have defaults: naming some fields is the point

option(TM_COMPILE_TIMES "Write what each compile takes to compile-times.csv; tests/lint/compile_times.py judges it" OFF)
if(TM_COMPILE_TIMES)
  add_compile_options(-fproc-stat-report=${CMAKE_BINARY_DIR}/compile-times.csv)
endif()

set(TM_SANITIZE "" CACHE STRING "Sanitizers to build with, e.g. address,undefined or thread")
if(TM_SANITIZE)
  add_compile_options(-fsanitize=${TM_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${TM_SANITIZE})
endif()

option(TM_PCH "Compile what nearly every file includes once; the release build shows that each file names what it uses"
  ON)

set(TM_UNITY 0 CACHE STRING "Compile up to so many sources of a module as one; 0: each alone")
if(TM_UNITY)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
endif()

option(TM_HARDEN "Position-independent, full RELRO, stack protector, fortified, linked with LTO" OFF)
if(TM_HARDEN)
  add_compile_options(-flto=thin -fstack-protector-strong -fcf-protection=full -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
  add_link_options(-flto=thin -Wl,-z,relro,-z,now -pie -static-libstdc++ -static-libgcc)
endif()
