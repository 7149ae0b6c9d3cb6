#include "services/delivery/onward/onward.h"

#include <set>

#include "services/delivery/onward/list_text.h"
#include "services/directory/test_directory.h"

using namespace hikyaku;
using namespace hikyaku::delivery;
using directory::at;
using directory::Editor;
using directory::KeepCopy;
using directory::Posting;

namespace {

const WallTime now{std::chrono::seconds{1'800'000'000}};
const std::string text = "Received: from client\r\nSubject: hello\r\n\r\nbody\r\n";

struct OnwardRig {
  directory::DirectoryRig rig;
  RoutingSettings settings{.dns_servers = {}, .srs = std::make_shared<const srs::Secrets>(srs::Secrets{"a secret of more than 16 octets"}),
                           .rewrite_senders = RoutingSettings::RewriteSenders::Yes};
  Envelope envelope;

  OnwardRig() {
    rig.domain("a.example");
    for (const auto* name : {"ann@a.example", "bob@a.example", "eve@a.example", "boss@a.example"}) rig.add(name);
    envelope.id = {1, 1, 7, 42};
    envelope.accepted_at = now;
    envelope.client_address = "203.0.113.9";
    envelope.envelope_id = "ENV";
    envelope.body_octets = text.size();
  }

  void forward(std::string account, std::vector<std::string> targets, KeepCopy keep = KeepCopy::No, std::vector<std::string> only_from = {}) {
    const auto done = rig.editor.set_forward({account, {{}, keep, targets, only_from}});
    REQUIRE_MESSAGE(done, directory::why(done));
  }
  void list(std::string address, std::vector<std::string> members, Posting posting = Posting::Anyone, std::vector<std::string> posters = {}) {
    directory::MailingList made;
    made.address = address, made.posting = posting, made.posters = std::move(posters), made.owners = {"boss@a.example"};
    REQUIRE(rig.editor.add_list(made));
    REQUIRE(rig.editor.add_members(address, members));
  }
  RecipientPlan plan(const Recipient& recipient, std::string_view sender) {
    envelope.reverse_path = sender.empty() ? ReversePath{} : ReversePath{at(sender)};
    envelope.recipients = {recipient};
    return plan_recipient(*rig.snapshot(), settings, {envelope.reverse_path, envelope.recipients.front(), 0, 100, &envelope});
  }
  OnwardMails mails(std::string_view to, std::string_view sender = "x@far.example", std::string_view body = text) {
    auto planned = plan({at(to), "", {}}, sender);
    OnwardPlan onward;
    if (auto* forwards = std::get_if<ToForwards>(&planned)) onward = *forwards;
    else if (auto* post = std::get_if<ToList>(&planned)) onward = *post;
    else if (auto* targets = std::get_if<ToTargets>(&planned)) onward = *targets;
    else FAIL(to << " goes nowhere else");
    const auto directory = rig.snapshot();
    return make_onward({*directory, settings, 100, now}, envelope, 0, std::move(onward), body);
  }
  // "sender -> a b; sender -> c"
  std::string goes(std::string_view to, std::string_view sender = "x@far.example", std::string_view body = text) {
    const auto planned = plan({at(to), "", {}}, sender);
    if (const auto* mailbox = std::get_if<ToMailbox>(&planned)) return "box " + mailbox->target.address.text();
    if (const auto* cannot = std::get_if<CannotDeliver>(&planned)) return cannot->status;
    if (std::holds_alternative<ToNextHop>(planned)) return "hop";
    const auto made = mails(to, sender, body);
    if (made.refused) return made.refused->status;
    std::string all;
    for (const auto& mail : made.mails) {
      auto from = mail.envelope.reverse_path.text();
      if (from.starts_with("SRS")) from = from.substr(0, 5) + from.substr(from.rfind('@'));
      all += (all.empty() ? "<" : "; <") + from + ">";
      for (const auto& recipient : mail.envelope.recipients) all += " " + recipient.address.text();
    }
    return all;
  }
};

}  // namespace

TEST_CASE("a forward takes the mail on, with or without a copy") {
  OnwardRig rig;
  CHECK(rig.goes("ann@a.example") == "box ann@a.example");
  rig.forward("ann@a.example", {"z@far.example", "bob@a.example"});
  CHECK(rig.goes("ann@a.example", "eve@a.example") == "<eve@a.example> bob@a.example; <eve@a.example> z@far.example");
  rig.forward("ann@a.example", {"z@far.example"}, KeepCopy::Yes);
  CHECK(rig.goes("ann@a.example", "eve@a.example") == "<eve@a.example> ann@a.example; <eve@a.example> z@far.example");
  CHECK(rig.goes("ann@a.example", "") == "<> ann@a.example; <> z@far.example");
  const auto made = rig.mails("ann@a.example");
  REQUIRE(made.mails.size() == 2);
  CHECK(made.mails[0].text == text);
  CHECK(made.mails[0].envelope.recipients[0].forwards_done);
  CHECK(made.mails[0].envelope.recipients[0].original_recipient == "rfc822;ann@a.example");
  CHECK(made.mails[1].text == "Delivered-To: ann@a.example\r\n" + text);
  CHECK(made.mails[1].envelope.body_octets == made.mails[1].text.size());
  CHECK(made.mails[0].envelope.id != made.mails[1].envelope.id);
  // The copy that stays is not forwarded again; the same work has the same ids.
  const auto kept = rig.plan(made.mails[0].envelope.recipients[0], "x@far.example");
  CHECK(std::holds_alternative<ToMailbox>(kept));
  CHECK(rig.mails("ann@a.example").mails[1].envelope.id == made.mails[1].envelope.id);
}

TEST_CASE("a forward is for the senders it names") {
  OnwardRig rig;
  rig.forward("ann@a.example", {"bob@a.example"}, KeepCopy::No, {"*@partner.example"});
  CHECK(rig.goes("ann@a.example", "x@partner.example") == "<x@partner.example> bob@a.example");
  CHECK(rig.goes("ann@a.example", "x@far.example") == "box ann@a.example");
  CHECK(rig.goes("ann@a.example", "") == "box ann@a.example");
}

TEST_CASE("forwards in a circle visit each account once, and lose nothing") {
  OnwardRig rig;
  rig.forward("ann@a.example", {"bob@a.example"}), rig.forward("bob@a.example", {"ann@a.example"});
  CHECK(rig.goes("ann@a.example") == "box ann@a.example");
  CHECK(rig.goes("bob@a.example") == "box bob@a.example");
  rig.forward("bob@a.example", {"ann@a.example", "eve@a.example"});
  CHECK(rig.goes("ann@a.example") == "<x@far.example> eve@a.example");
  rig.forward("bob@a.example", {"ann@a.example"}, KeepCopy::Yes);
  CHECK(rig.goes("ann@a.example") == "<x@far.example> bob@a.example");
  rig.rig.alias("team@a.example", {"ann@a.example", "bob@a.example", "eve@a.example"});
  rig.forward("eve@a.example", {"team@a.example"}, KeepCopy::Yes);
  CHECK(rig.goes("eve@a.example") == "<x@far.example> eve@a.example bob@a.example");
  // Round by another server: who had it keeps it.
  rig.forward("eve@a.example", {"z@far.example"});
  const auto made = rig.mails("eve@a.example");
  CHECK(rig.goes("eve@a.example", "x@far.example", made.mails.at(0).text) == "<x@far.example> eve@a.example");
  CHECK(rig.goes("eve@a.example", "x@far.example", "Delivered-To: somebody@else.example\r\n" + text) == "<SRS0=@a.example> z@far.example");
}

TEST_CASE("a forward to nobody here is told to the sender") {
  OnwardRig rig;
  rig.forward("ann@a.example", {"gone@a.example"});
  const auto made = rig.mails("ann@a.example");
  REQUIRE(made.mails.size() == 1);
  const auto next = rig.plan(made.mails[0].envelope.recipients[0], "x@far.example");
  CHECK(std::get<CannotDeliver>(next).status == "5.1.1");
}

TEST_CASE("senders elsewhere are rewritten on the way elsewhere, and bounces find back") {
  OnwardRig rig;
  rig.rig.domain("inner.example", directory::DomainKind::Relay);
  rig.rig.alias("far@a.example", {"z@far.example"});
  rig.forward("ann@a.example", {"z@far.example", "q@inner.example"}, KeepCopy::Yes);
  CHECK(rig.goes("ann@a.example") == "<x@far.example> ann@a.example; <x@far.example> q@inner.example; <SRS0=@a.example> z@far.example");
  CHECK(rig.goes("ann@a.example", "q@inner.example") == "<q@inner.example> ann@a.example; <q@inner.example> z@far.example q@inner.example");
  CHECK(rig.goes("far@a.example") == "<SRS0=@a.example> z@far.example");
  const auto made = rig.mails("far@a.example");
  const auto bounce_to = made.mails.at(0).envelope.reverse_path.text();
  CHECK(rig.goes(bounce_to, "") == "<> x@far.example");
  CHECK(rig.goes("SRS0=aaaaaa=aa=far.example=x@a.example", "") == "5.1.1");
  rig.rig.alias("*@a.example", {"ann@a.example"});
  CHECK(rig.goes("SRS0=aaaaaa=aa=far.example=x@a.example", "") == "5.1.1");  // a catch-all does not take it
  rig.envelope.accepted_at = now + std::chrono::days{30};
  CHECK(rig.goes(bounce_to, "") == "5.1.1");
  rig.envelope.accepted_at = now;
  rig.settings.rewrite_senders = RoutingSettings::RewriteSenders::No;
  CHECK(rig.goes("far@a.example") == "<x@far.example> z@far.example");
  CHECK(rig.goes(bounce_to, "") == "<> x@far.example");
}

TEST_CASE("a list's copies are the list's") {
  OnwardRig rig;
  rig.list("staff@a.example", {"ann@a.example", "z@far.example"});
  CHECK(rig.goes("staff@a.example") == "<staff-bounces@a.example> ann@a.example z@far.example");
  const auto made = rig.mails("staff@a.example");
  CHECK(made.is_delivered);
  const auto& mail = made.mails.at(0);
  CHECK(mail.envelope.envelope_id.empty());
  CHECK(mail.envelope.client_address.empty());
  CHECK(mail.envelope.recipients[0].original_recipient.empty());
  CHECK(mail.text.find("List-Id: <staff.a.example>\r\n") != std::string::npos);
  CHECK(rig.goes("staff@a.example", "x@far.example", mail.text) == "5.4.6");
  CHECK(rig.goes("staff@a.example", "") == "<> staff-owner@a.example");
  CHECK(rig.goes("staff@a.example", "x@far.example", "Auto-Submitted: auto-replied\r\n" + text) == "<x@far.example> staff-owner@a.example");
  CHECK(rig.goes("staff-owner@a.example", "") == "box boss@a.example");
  CHECK(rig.goes("staff-bounces@a.example", "") == "box boss@a.example");
  rig.list("empty@a.example", {});
  CHECK(rig.goes("empty@a.example") == "5.2.4");
  REQUIRE(rig.rig.editor.change_list("staff@a.example", [](directory::MailingList& one) { one.bounces = "Errors@far.example"; }));
  CHECK(rig.goes("staff@a.example") == "<errors@far.example> ann@a.example z@far.example");
}

TEST_CASE("who may not post is told, and a moderated list asks its moderators") {
  OnwardRig rig;
  rig.list("staff@a.example", {"ann@a.example"}, Posting::Members);
  rig.list("news@a.example", {"eve@a.example"}, Posting::Moderators, {"ann@a.example", "mod@far.example"});
  CHECK(rig.goes("staff@a.example", "x@far.example") == "5.7.2");
  CHECK(rig.goes("staff@a.example", "ann@a.example") == "5.7.2");  // nobody logged in
  rig.envelope.account = "ann@a.example";
  CHECK(rig.goes("staff@a.example", "ann@a.example") == "<staff-bounces@a.example> ann@a.example");
  CHECK(rig.goes("news@a.example", "ann@a.example") == "<news-bounces@a.example> eve@a.example");
  rig.envelope.account.clear();
  rig.settings.relay_networks = {*io::IpNetwork::parse("203.0.113.0/24")};
  CHECK(rig.goes("staff@a.example", "ann@a.example") == "<staff-bounces@a.example> ann@a.example");
  rig.settings.relay_networks.clear();
  CHECK(rig.goes("news@a.example", "x@far.example") == "<x@far.example> ann@a.example; <SRS0=@a.example> mod@far.example");
  CHECK(rig.mails("news@a.example").mails.at(0).text.starts_with("X-List-Moderation: resend to news@a.example\r\n"));
}

TEST_CASE("a list that has no moderators any more when its post is made refuses it; nothing ends as no mail at all") {
  OnwardRig rig;
  rig.list("l@a.example", {"ann@a.example"});
  rig.envelope.reverse_path = ReversePath{at("x@far.example")};
  rig.envelope.recipients = {{at("l@a.example"), "", {}}};
  const auto directory = rig.rig.snapshot();
  const auto made = make_onward({*directory, rig.settings, 100, now}, rig.envelope, 0, ToList{"l@a.example", directory::PostVerdict::ToModerators}, text);
  CHECK(made.mails.empty());
  REQUIRE(made.refused);
  CHECK(made.refused->status == "5.1.1");
}

TEST_CASE("a list of lists") {
  OnwardRig rig;
  rig.list("inner@a.example", {"eve@a.example"}, Posting::Members);
  REQUIRE(rig.rig.editor.add_members("inner@a.example", {"all@far.example"}));
  rig.list("all@a.example", {"inner@a.example", "bob@a.example"});
  REQUIRE(rig.rig.editor.change_list("inner@a.example", [](directory::MailingList& one) { one.posters = {"all@a.example"}; }));
  const auto made = rig.mails("all@a.example");
  rig.envelope.client_address.clear();  // as the copy has none
  CHECK(rig.goes("inner@a.example", "all-bounces@a.example", made.mails.at(0).text) == "<inner-bounces@a.example> all@far.example eve@a.example");
  rig.envelope.client_address = "203.0.113.9";
  CHECK(rig.goes("inner@a.example", "all-bounces@a.example") == "5.7.2");
}

TEST_CASE("twenty thousand members are a few mails") {
  OnwardRig rig;
  std::vector<std::string> members;
  for (int i = 0; i < 20'000; ++i) members.push_back("u" + std::to_string(i) + "@far.example");
  rig.list("all@a.example", members);
  const auto made = rig.mails("all@a.example");
  CHECK(made.mails.size() == 4);
  std::set<std::string> reached;
  std::set<TraceId> ids;
  for (const auto& mail : made.mails) {
    ids.insert(mail.envelope.id);
    CHECK(mail.envelope.encode().size() < (1 << 20));
    for (const auto& recipient : mail.envelope.recipients) reached.insert(recipient.address.text());
  }
  CHECK(ids.size() == 4);
  CHECK(reached.size() == members.size());
}
