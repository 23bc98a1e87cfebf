#include "postgres/testing/template.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>

#include "net/socket.h"
#include "postgres/testing/processes.h"

namespace tidemill::postgres::testing {
namespace {

using tidemill::testing::GiveUp;
using tidemill::testing::RunToEnd;

// What the arguments of initdb below are; counted up when they change.
constexpr const char* kRevision = "1";

bool Exists(const std::string& path) {
  struct stat facts{};
  return stat(path.c_str(), &facts) == 0;
}

// A folder of our own for the templates of this user.
std::string TemplateFolder() {
  const std::string folder = "/tmp/tidemill-postgres-templates-" + std::to_string(geteuid());
  struct stat facts{};
  mkdir(folder.c_str(), 0755);
  if (lstat(folder.c_str(), &facts) != 0 || !S_ISDIR(facts.st_mode) || facts.st_uid != geteuid()) {
    GiveUp(folder + " is somebody else's; remove it");
  }
  return folder;
}

void Make(const std::string& programs, const std::string& path) {
  const std::string unfinished = path + ".new";
  RunToEnd(ProgramOf({"/bin/rm", "-rf", unfinished}, ""));
  if (mkdir(unfinished.c_str(), 0755) != 0 && !Exists(unfinished)) GiveUp("cannot make " + unfinished);
  GiveToServerUser(unfinished);
  RunToEnd(ProgramOf(
      {programs + "/initdb", "--pgdata=" + unfinished + "/data", "--username=postgres", "--auth=trust",
       "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions", "--wal-segsize=1"},
      unfinished + "/log"));
  if (rename(unfinished.c_str(), path.c_str()) != 0) GiveUp("cannot rename " + unfinished);
}

}  // namespace

void CopyTemplate(const std::string& programs, const std::string& folder) {
  const std::string templates = TemplateFolder();
  const std::size_t name = std::hash<std::string>{}(programs + "#" + kRevision);
  const std::string path = templates + "/" + std::to_string(name);
  {
    const net::Fd lock(open((templates + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!lock || flock(lock.get(), LOCK_EX) != 0) GiveUp("cannot lock " + templates);
    if (!Exists(path)) Make(programs, path);
  }
  RunToEnd(ProgramOf({"/bin/cp", "--archive", "--reflink=auto", path + "/data", folder + "/data"},
                     folder + "/copy.log"));
}

}  // namespace tidemill::postgres::testing
