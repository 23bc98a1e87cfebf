# Writes FILE, the source of src/cli/build_facts.h: cmake -DSOURCE=… -DFILE=… -DVERSION=… -DBUILD=… -P build_facts.cmake
#
# Of Git, or of -DCOMMIT and -DDATE where there is no repository. FILE changes only when what it says does.
if(NOT COMMIT)
  set(git git --no-optional-locks -C ${SOURCE})
  execute_process(COMMAND ${git} show -s --format=%h --abbrev=12 HEAD OUTPUT_VARIABLE COMMIT ERROR_QUIET
    OUTPUT_STRIP_TRAILING_WHITESPACE)
  execute_process(COMMAND ${git} show -s --format=%cs HEAD OUTPUT_VARIABLE DATE ERROR_QUIET
    OUTPUT_STRIP_TRAILING_WHITESPACE)
  execute_process(COMMAND ${git} status --porcelain --untracked-files=no OUTPUT_VARIABLE changes ERROR_QUIET)
  if(changes)
    string(APPEND COMMIT "-dirty")
  endif()
endif()
if(NOT COMMIT)
  set(COMMIT unknown)
endif()
string(TOLOWER "${BUILD}" BUILD)
file(CONFIGURE OUTPUT ${FILE} @ONLY CONTENT [[#include "cli/build_facts.h"

namespace tidemill::cli {

constinit const std::string_view kVersion = "@VERSION@";
constinit const std::string_view kCommit = "@COMMIT@";
constinit const std::string_view kCommitDate = "@DATE@";
constinit const std::string_view kBuild = "@BUILD@";

}  // namespace tidemill::cli
]])
