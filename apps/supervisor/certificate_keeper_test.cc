#include "apps/supervisor/certificate_keeper.h"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <filesystem>
#include <fstream>

#include "apps/supervisor/first_settings.h"
#include "apps/supervisor/messages.h"
#include "base/wire.h"
#include "io/descriptor.h"
#include "io/test_certificate.h"
#include "io/test_folder.h"

namespace hikyaku::apps {
namespace {

struct Files {
  io::TestFolder folder;
  io::TestAuthority authority{folder.path()};
  Files() { authority.issue("first", "DNS:mail.example"), authority.issue("second", "DNS:mail.example"); }
  [[nodiscard]] std::string path(const std::string& name) const { return folder.path() + "/" + name; }
  [[nodiscard]] std::string text(const std::string& name) const {
    std::ifstream in(path(name));
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }
};

TEST_CASE("while the files hold a pair that cannot be used the former one is handed out, with the reason") {
  const Files files;
  files.write("cert.pem", files.text("first.pem")), files.write("key.pem", files.text("first.key"));
  CertificateKeeper keeper;
  CHECK(keeper.material().certificate.empty());
  keeper.follow(files.path("cert.pem"), files.path("key.pem"));
  CHECK(keeper.material().certificate == files.text("first.pem"));
  CHECK(keeper.material().refused.empty());

  const auto former_with = [&](const std::string& reason) {
    const auto material = keeper.material();
    CHECK(material.certificate == files.text("first.pem"));
    CHECK(material.key == files.text("first.key"));
    CHECK_MESSAGE(material.refused.contains(reason), material.refused);
  };
  files.write("cert.pem", files.text("second.pem"));  // of another key
  former_with("key.pem: the key: ");
  files.write("cert.pem", files.text("first.pem").substr(0, 200));
  former_with("the certificate: ");
  files.write("cert.pem", "");
  former_with("cert.pem: is no PEM file");
  std::filesystem::remove(files.path("cert.pem"));
  former_with("cert.pem: No such file");

  files.write("cert.pem", files.text("second.pem")), files.write("key.pem", files.text("second.key"));
  CHECK(keeper.material().certificate == files.text("second.pem"));
  CHECK(keeper.material().refused.empty());
  keeper.follow("", "");  // switched off by the settings
  CHECK(keeper.material().certificate.empty());
  keeper.follow(files.path("none.pem"), files.path("key.pem"));
  CHECK(keeper.material().certificate.empty());
  CHECK(keeper.material().refused.contains("none.pem: No such file"));
}

TEST_CASE("the files of [tls] are named by the settings file alone") {
  const Files files;
  files.write("h.toml", "[node]\ndata = \"/srv/mail/\"\nhostname = \"mail.example\"\n[tls]\ncertificate = \"/etc/c.pem\"\nkey = \"/etc/k.pem\"\n");
  const io::Descriptor file(open(files.path("h.toml").c_str(), O_RDONLY | O_CLOEXEC));
  const auto first = read_first_settings(read_settings_file(file.get()), "h.toml", nullptr);
  REQUIRE_MESSAGE(first, first.error());
  CHECK(first->data_folder == "/srv/mail");
  CHECK(first->certificate == "/etc/c.pem");
  CHECK(first->key == "/etc/k.pem");

  // A control process that was taken over and names a key: the parent does not understand it, and ends it.
  const SpawnMessage spawn{.process = "receive", .settings_toml = "t", .settings_file = "h.toml", .listeners = {"smtp"}};
  CHECK(SpawnMessage::decode(spawn.encode()));
  WireWriter naming;
  naming.text("receive").text("t").text("h.toml").text("/etc/ssh/ssh_host_rsa_key").text("/etc/ssh/ssh_host_rsa_key").varint(0);
  CHECK(!SpawnMessage::decode(std::move(naming).bytes()));
}

}  // namespace
}  // namespace hikyaku::apps
