# Third-party libraries, from Debian packages; static archives where the package ships one, so that the
# server is one file that needs nothing beyond glibc. docs/dependencies.md lists packages and licences.

find_package(Threads REQUIRED)

function(tm_static_library target archive header package)
  find_library(${target}_ARCHIVE NAMES ${archive})
  find_path(${target}_HEADER NAMES ${header})
  if(NOT ${target}_ARCHIVE OR NOT ${target}_HEADER)
    message(FATAL_ERROR "${archive} or ${header} is missing. On Debian 12: apt-get install ${package}")
  endif()
  add_library(${target} INTERFACE)
  target_link_libraries(${target} INTERFACE ${${target}_ARCHIVE})
  target_include_directories(${target} SYSTEM INTERFACE ${${target}_HEADER})
endfunction()

function(tm_header_library target header package)
  find_path(${target}_HEADER NAMES ${header})
  if(NOT ${target}_HEADER)
    message(FATAL_ERROR "${header} is missing. On Debian 12: apt-get install ${package}")
  endif()
  add_library(${target} INTERFACE)
  target_include_directories(${target} SYSTEM INTERFACE ${${target}_HEADER})
endfunction()

tm_static_library(tm_ssl libssl.a openssl/ssl.h libssl-dev)
tm_static_library(tm_crypto libcrypto.a openssl/evp.h libssl-dev)
target_link_libraries(tm_crypto INTERFACE ${CMAKE_DL_LIBS} Threads::Threads)
target_link_libraries(tm_ssl INTERFACE tm_crypto)
tm_static_library(tm_uv libuv_a.a uv.h libuv1-dev)
target_link_libraries(tm_uv INTERFACE ${CMAKE_DL_LIBS} Threads::Threads)
tm_static_library(tm_zlib libz.a zlib.h zlib1g-dev)
tm_static_library(tm_hiredis libhiredis.a hiredis/read.h libhiredis-dev)
tm_static_library(tm_utf8proc libutf8proc.a utf8proc.h libutf8proc-dev)
target_compile_definitions(tm_utf8proc INTERFACE UTF8PROC_STATIC)

tm_header_library(tm_fmt fmt/format.h libfmt-dev)
target_compile_definitions(tm_fmt INTERFACE FMT_HEADER_ONLY)
tm_header_library(tm_toml toml++/toml.h libtomlplusplus-dev)

if(BUILD_TESTING)
  # A second opinion for the tests and fuzz targets of our own readers.
  tm_header_library(tm_rapidjson rapidjson/reader.h rapidjson-dev)
  tm_header_library(tm_protozero protozero/pbf_reader.hpp libprotozero-dev)
  find_package(GTest REQUIRED)
  add_library(tm_gtest INTERFACE)
  target_link_libraries(tm_gtest INTERFACE GTest::gtest GTest::gtest_main)
endif()
tm_static_library(tm_re2 libre2.a re2/re2.h libre2-dev)
