#include "services/signing/choice.h"

#include "services/directory/test_directory.h"

namespace hikyaku::signing {
namespace {

using directory::DirectoryRig;
using directory::DkimStage;

struct Rig : DirectoryRig {
  Rig() {
    for (const auto* name : {"a.example", "b.example", "keyless.example"}) domain(name);
    add_key("a.example", "rsa", dkim::Algorithm::RsaSha256);
    add_key("a.example", "ed", dkim::Algorithm::Ed25519Sha256);
    add_key("b.example", "one", dkim::Algorithm::RsaSha256);
    REQUIRE(editor.add_dkim_key({.domain = "keyless.example", .selector = "prepared"}));
    REQUIRE(editor.add_list({.address = "staff@b.example"}));
    REQUIRE(editor.set_network({.prefix = "192.0.2.0/28", .relay = directory::Enabled::Yes}));
  }
  void add_key(std::string name, std::string selector, dkim::Algorithm algorithm) {
    REQUIRE(editor.add_dkim_key({.domain = name, .selector = selector, .algorithm = algorithm}));
    REQUIRE(editor.activate_dkim_key(name, selector, WallTime{1s}));
  }
  // "a.example rsa ed"
  std::string signs(const Envelope& envelope, std::optional<std::string> author) {
    const auto directory = snapshot();
    const std::vector<io::IpNetwork> networks{*io::IpNetwork::parse("198.51.100.0/24")};
    std::string text;
    for (const auto& key : keys_for(*directory, origin_of(envelope, *directory, networks), envelope.reverse_path, author)) text += (text.empty() ? key.domain : "") + " " + key.selector;
    return text;
  }
};

Envelope mail(std::string_view reverse_path, std::string client = {}, std::string account = {}) {
  Envelope envelope;
  if (!reverse_path.empty()) envelope.reverse_path = ReversePath{directory::at(reverse_path)};
  envelope.client_address = std::move(client);
  envelope.account = std::move(account);
  return envelope;
}

TEST_CASE("who signs what") {
  Rig rig;
  struct Row {
    const char* name;
    Envelope envelope;
    std::optional<std::string> author;
    std::string want;
  };
  const std::string stranger = "203.0.113.5";
  for (const auto& row : std::vector<Row>{
           {"submitted, From is ours", mail("ann@a.example", stranger, "ann@a.example"), "a.example", "a.example ed rsa"},
           {"submitted, From in other letters", mail("ann@a.example", stranger, "ann@a.example"), "A.Example", "a.example ed rsa"},
           {"submitted, another domain of ours", mail("ann@a.example", stranger, "ann@a.example"), "b.example", "b.example one"},
           {"submitted, From below ours", mail("ann@a.example", stranger, "ann@a.example"), "host.a.example", "a.example ed rsa"},
           {"submitted, From elsewhere", mail("ann@a.example", stranger, "ann@a.example"), "elsewhere.example", "a.example ed rsa"},
           {"submitted, no From", mail("ann@a.example", stranger, "ann@a.example"), std::nullopt, "a.example ed rsa"},
           {"submitted, nothing is ours", mail("ann@elsewhere.example", stranger, "ann@a.example"), "elsewhere.example", ""},
           {"submitted, only prepared keys", mail("x@keyless.example", stranger, "x@keyless.example"), "keyless.example", ""},
           {"a name that only ends like ours", mail("x@c.example", stranger, "ann@a.example"), "nota.example", ""},
           {"a bounce of ours", mail(""), "mail.a.example", "a.example ed rsa"},
           {"a bounce of ours under another name", mail(""), "mail.elsewhere.example", ""},
           {"a listed network of the directory", mail("x@elsewhere.example", "192.0.2.7"), "a.example", "a.example ed rsa"},
           {"a listed network of the settings", mail("x@elsewhere.example", "198.51.100.9"), "a.example", "a.example ed rsa"},
           {"beside the listed network", mail("x@elsewhere.example", "192.0.2.17"), "a.example", ""},
           {"a stranger in our name", mail("x@elsewhere.example", stranger), "a.example", ""},
           {"a stranger in our name, reverse-path too", mail("ann@a.example", stranger), "a.example", ""},
           {"a stranger's null sender", mail("", stranger), "a.example", ""},
           {"a list's copy of a stranger's mail", mail("staff-bounces@b.example", stranger), "elsewhere.example", "b.example one"},
           {"a list's copy of a stranger's mail in another name of ours", mail("staff-bounces@b.example", stranger), "a.example", "b.example one"},
           {"a list's copy of a member's mail", mail("staff-bounces@b.example", stranger, "ann@a.example"), "a.example", "b.example one"},
       })
    CHECK_MESSAGE(rig.signs(row.envelope, row.author) == row.want, row.name, ": ", rig.signs(row.envelope, row.author));
}

TEST_CASE("without an active key nothing is signed") {
  DirectoryRig rig;
  rig.domain("a.example");
  CHECK_FALSE(signs_any(*rig.snapshot()));
  REQUIRE(rig.editor.add_dkim_key({.domain = "a.example", .selector = "s"}));
  CHECK_FALSE(signs_any(*rig.snapshot()));
  REQUIRE(rig.editor.activate_dkim_key("a.example", "s", WallTime{1s}));
  CHECK(signs_any(*rig.snapshot()));
  REQUIRE(rig.editor.retire_dkim_key("a.example", "s", WallTime{2s}));
  CHECK_FALSE(signs_any(*rig.snapshot()));
  CHECK(active_keys(*rig.snapshot(), "a.example").empty());
}

TEST_CASE("who seals what") {
  Rig rig;
  rig.domain("ed.example");
  rig.add_key("ed.example", "ed", dkim::Algorithm::Ed25519Sha256);
  const std::string stranger = "203.0.113.5";
  struct Row {
    Envelope envelope;
    std::string want;
  };
  for (const auto& row : {Row{mail("SRS0=h=aa=far.example=zoe@a.example", stranger), "a.example rsa"}, Row{mail("SRS0=h=aa=far.example=zoe@host.b.example", stranger), "b.example one"},
                          Row{mail("staff-bounces@b.example", stranger), "b.example one"}, Row{mail("staff-bounces@b.example", stranger, "ann@a.example"), "b.example one"},
                          Row{mail("zoe@far.example", stranger), ""}, Row{mail("", stranger), ""}, Row{mail("x@keyless.example", stranger), ""}, Row{mail("x@ed.example", stranger), ""},
                          Row{mail("ann@a.example", stranger, "ann@a.example"), ""}, Row{mail("ann@a.example", "192.0.2.3"), ""}, Row{mail("ann@a.example"), ""}}) {
    const auto directory = rig.snapshot();
    const auto key = seal_key_for(*directory, origin_of(row.envelope, *directory, {}), row.envelope.reverse_path);
    CHECK_MESSAGE((key ? key->domain + " " + key->selector : "") == row.want, row.envelope.reverse_path.text());
  }
}

}  // namespace
}  // namespace hikyaku::signing
