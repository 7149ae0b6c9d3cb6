#include "io/hosts_file.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

using namespace hikyaku;
using namespace hikyaku::io;

namespace {

std::string addresses(const HostsTable& table, std::string_view name) {
  std::string all;
  if (const auto* found = table.find(name))
    for (const auto& address : *found) all += (all.empty() ? "" : " ") + address.to_string();
  return all;
}

}  // namespace

TEST_CASE("hosts files: names, comments, several addresses, and what is passed over") {
  HostsTable table;
  parse_hosts("127.0.0.1 localhost\r\n192.0.2.1\tMail.Example mail2.example. # gateway\n2001:db8::1 mail.example\n192.0.2.1 mail.example\n"
              "# 192.0.2.9 hidden.example\n   192.0.2.3   spaced.example   \nnonsense name.example\n192.0.2.4\n192.0.2.5 bad/name ok.example\n"
              "fe80::1%eth0 link.example\n192.0.2.300 wrong.example\n192.0.2.6 last.example", table);
  CHECK(addresses(table, "localhost") == "127.0.0.1");
  CHECK(addresses(table, "MAIL.example") == "192.0.2.1 2001:db8::1");
  CHECK(addresses(table, "mail.example.") == "192.0.2.1 2001:db8::1");
  CHECK(addresses(table, "mail2.example") == "192.0.2.1");
  CHECK(addresses(table, "spaced.example") == "192.0.2.3");
  CHECK(addresses(table, "ok.example") == "192.0.2.5");
  CHECK(addresses(table, "link.example") == "fe80::1");
  CHECK(addresses(table, "last.example") == "192.0.2.6");
  for (const auto* none : {"hidden.example", "name.example", "bad/name", "wrong.example", "", "."}) CHECK_MESSAGE(table.find(none) == nullptr, none);
  parse_hosts("192.0.2.7 mail.example new.example", table);  // a later file
  CHECK(addresses(table, "mail.example") == "192.0.2.1 2001:db8::1");
  CHECK(addresses(table, "new.example") == "192.0.2.7");
}

TEST_CASE("a changed file is read again, also when another is put in its place") {
  const std::string folder = std::filesystem::temp_directory_path() / ("hikyaku-hosts-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const std::string own = folder + "/own", system = folder + "/hosts";
  const auto write = [](const std::string& path, std::string_view text) { std::ofstream(path) << text; };
  write(system, "192.0.2.1 a.example\n");
  HostsFiles files({own, system});
  CHECK(files.current()->size() == 0);
  CHECK(files.refresh());
  CHECK(!files.refresh());
  CHECK(addresses(*files.current(), "a.example") == "192.0.2.1");
  write(folder + "/new", "192.0.2.2 a.example\n");
  std::filesystem::rename(folder + "/new", system);
  CHECK(files.refresh());
  CHECK(addresses(*files.current(), "a.example") == "192.0.2.2");
  write(own, "192.0.2.3 a.example\n");
  CHECK(files.refresh());
  CHECK(addresses(*files.current(), "a.example") == "192.0.2.3");
  std::filesystem::remove(own);
  CHECK(files.refresh());
  CHECK(addresses(*files.current(), "a.example") == "192.0.2.2");
  std::filesystem::remove_all(folder);
}
