#include "server/notify.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <string>

#include "net/socket.h"

namespace tidemill::server {
namespace {

// What a manager at that address is told; "" when nothing comes.
std::string Told(const std::string& address, std::string_view state) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  address.copy(name.sun_path, sizeof name.sun_path - 1);
  if (address.starts_with('@')) name.sun_path[0] = '\0';
  const net::Fd manager(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
  EXPECT_EQ(bind(manager.get(), reinterpret_cast<const sockaddr*>(&name), bytes), 0);
  setenv("NOTIFY_SOCKET", address.c_str(), 1);
  NotifyServiceManager(state);
  unsetenv("NOTIFY_SOCKET");
  char text[64];
  const ssize_t got = recv(manager.get(), text, sizeof text, MSG_DONTWAIT);
  return got < 0 ? "" : std::string(text, static_cast<std::size_t>(got));
}

TEST(Notify, TellsTheManagerByItsAddress) {
  const std::string path = testing::TempDir() + "tidemill-notify-" + std::to_string(getpid());
  EXPECT_EQ(Told(path, "READY=1"), "READY=1");
  unlink(path.c_str());
  EXPECT_EQ(Told("@tidemill-notify-" + std::to_string(getpid()), "STOPPING=1"), "STOPPING=1");
}

TEST(Notify, IsSilentWhereNobodyListens) {
  NotifyServiceManager("READY=1");
  for (const std::string& address : {std::string(), std::string("/nowhere/socket"), std::string(200, 'x')}) {
    setenv("NOTIFY_SOCKET", address.c_str(), 1);
    NotifyServiceManager("READY=1");
  }
  unsetenv("NOTIFY_SOCKET");
}

}  // namespace
}  // namespace tidemill::server
