#include "services/delivery/recipient_plan.h"

#include "services/delivery/dns_servers.h"
#include "services/directory/routes.h"
#include "services/directory/test_directory.h"

using namespace hikyaku;
using namespace hikyaku::delivery;
using directory::at;
using Finding = PlanStep::Finding;

namespace {

struct PlanRig {
  directory::DirectoryRig rig;
  RoutingSettings settings{.dns_servers = {*io::IpAddress::parse("192.0.2.53")}};
  PlanTrace trace;

  void table(std::string_view text) { REQUIRE(rig.editor.set_route_text(text)); }
  RecipientPlan plan(const Recipient& recipient, std::string_view sender = "", std::uint32_t failures = 0) {
    trace.clear();
    const ReversePath from = sender.empty() ? ReversePath{} : ReversePath{at(sender)};
    return plan_recipient(*rig.snapshot(), settings, {from, recipient, failures}, &trace);
  }
  // The destination's key, "box:address", "targets:a b" or the status.
  std::string goes(std::string_view recipient, std::string_view sender = "", std::uint32_t failures = 0) {
    const auto plan = this->plan({at(recipient), "", {}}, sender, failures);
    if (const auto* hop = std::get_if<ToNextHop>(&plan)) return hop->hop.key();
    if (const auto* mailbox = std::get_if<ToMailbox>(&plan)) return "box:" + mailbox->target.address.text();
    if (const auto* cannot = std::get_if<CannotDeliver>(&plan)) return cannot->status;
    std::string all = "targets:";
    for (const auto& target : std::get<ToTargets>(plan).targets) all += (all.back() == ':' ? "" : " ") + target.text();
    return all;
  }
  std::vector<int> steps() const {
    std::vector<int> numbers;
    for (const auto& step : trace) numbers.push_back(step.step);
    return numbers;
  }
};

}  // namespace

TEST_CASE("a row that means DNS keeps its terms: how the hosts are spoken to, and its fallback") {
  PlanRig rig;
  rig.table("bank.example,192.0.2.53,25,tls=verified\nfar.example,192.0.2.53,25,source=192.0.2.7,fallback=relay:26,after=2\n*,192.0.2.53,25\n");
  CHECK(rig.goes("x@bank.example") == "mx:bank.example;tls=verified");
  CHECK(rig.goes("x@far.example", "", 1).starts_with("mx:far.example;source=192.0.2.7"));
  CHECK(rig.goes("x@far.example", "", 2) == "host:relay:26");
  CHECK(rig.goes("x@other.example") == "mx:other.example");
  rig.table("[192.0.2.9],192.0.2.53,25,tls=required\n");
  CHECK(rig.goes("x@[192.0.2.9]") == "host:[192.0.2.9]:25;tls=required");
}

TEST_CASE("the order of the decision: aliases, accounts, table, gateway, DNS") {
  PlanRig rig;
  rig.rig.domain("a.example"), rig.rig.domain("inner.example", directory::DomainKind::Relay);
  rig.rig.add("ann@a.example");
  rig.rig.alias("info@a.example", {"ann@a.example"});
  rig.rig.alias("far@a.example", {"x@far.example"});
  rig.table("ann@a.example,gw0,25\ninner.example,gw1,25\n*.abc.jp,gw2,26\n");
  CHECK(rig.goes("info@a.example") == "box:ann@a.example");
  CHECK(rig.goes("ann@a.example") == "box:ann@a.example");  // the account before the row that names it
  CHECK(rig.steps() == std::vector<int>{1, 2});
  CHECK(rig.goes("far@a.example") == "targets:x@far.example");
  CHECK(rig.goes("nobody@a.example") == "5.1.1");
  CHECK(rig.goes("x@nodots") == "5.1.2");
  CHECK(rig.goes("any@inner.example") == "host:gw1:25");
  CHECK(rig.goes("any@abc.jp") == "host:gw2:26");
  CHECK(rig.goes("any@other.example") == "mx:other.example");
  CHECK(rig.steps() == std::vector<int>{1, 2, 3, 4, 5});
  CHECK(rig.goes("any@[192.0.2.1]") == "host:[192.0.2.1]:25");
  REQUIRE(rig.rig.editor.set_gateway(*directory::parse_gateway("gw9,2525")));
  CHECK(rig.goes("any@other.example") == "host:gw9:2525");
  CHECK(rig.steps() == std::vector<int>{1, 2, 3, 4});
  CHECK(rig.goes("any@abc.jp") == "host:gw2:26");
}

TEST_CASE("both examples of the second seed") {
  PlanRig rig;
  rig.table("*.abc.jp,smtp01.domain.jp,25\n*.def.jp,smtp02.domain.jp,25\n");
  CHECK(rig.goes("u@abc.jp") == "host:smtp01.domain.jp:25");
  CHECK(rig.goes("u@www.def.jp") == "host:smtp02.domain.jp:25");
  CHECK(rig.goes("u@ghi.jp") == "mx:ghi.jp");
  // "nearly the same as a third line *,[the DNS server's address],25"
  rig.table("*.abc.jp,smtp01.domain.jp,25\n*.def.jp,smtp02.domain.jp,25\n*,[192.0.2.53],25\n");
  CHECK(rig.goes("u@abc.jp") == "host:smtp01.domain.jp:25");
  CHECK(rig.goes("u@ghi.jp") == "mx:ghi.jp");
  CHECK(rig.trace[2].finding == Finding::RowMeansDns);
  // That line is a row, so it hides the gateway; on another port, or another address, it is a host like any other.
  REQUIRE(rig.rig.editor.set_gateway(*directory::parse_gateway("gw9")));
  CHECK(rig.goes("u@ghi.jp") == "mx:ghi.jp");
  rig.table("x.jp,192.0.2.53,26\ny.jp,192.0.2.54,25\nz.jp,192.0.2.53 gw2,25\n");
  CHECK(rig.goes("u@x.jp") == "host:192.0.2.53:26");
  CHECK(rig.goes("u@y.jp") == "host:192.0.2.54:25");
  CHECK(rig.goes("u@z.jp") == "host:192.0.2.53:25 gw2:25");

  rig.table("*,smtp.domain.jp,25\n");
  for (const auto* any : {"u@abc.jp", "u@ghi.jp", "u@a.b.c.example"}) CHECK(rig.goes(any) == "host:smtp.domain.jp:25");
  CHECK(std::ranges::none_of(rig.trace, [](const auto& step) { return step.step == 4; }));  // the gateway is not looked at
}

TEST_CASE("with all received mail forwarded accounts are passed over, aliases are not") {
  PlanRig rig;
  rig.rig.domain("a.example");
  rig.rig.add("ann@a.example");
  rig.rig.alias("info@a.example", {"ann@a.example"});
  REQUIRE(rig.rig.editor.set_forward_all(directory::ForwardAll::Yes));
  REQUIRE(rig.rig.editor.set_gateway(*directory::parse_gateway("gw9")));
  rig.table("vip@a.example,gw1\n");
  CHECK(rig.goes("ann@a.example") == "host:gw9:25");
  CHECK(rig.trace[1].finding == Finding::ForwardAll);
  CHECK(rig.goes("nobody@a.example") == "host:gw9:25");
  CHECK(rig.goes("vip@a.example") == "host:gw1:25");
  CHECK(rig.goes("info@a.example") == "targets:ann@a.example");
  CHECK(rig.goes("x@far.example") == "host:gw9:25");
}

TEST_CASE("sender conditions, terms and the fallback are part of the destination") {
  PlanRig rig;
  rig.table("*|user@tenant.example,tenant.mail.example,25,tls=required\nb.example,gw1 gw2:26,25,lmtp,fallback=gw3:27,after=2\n");
  CHECK(rig.goes("x@any.example", "user@tenant.example") == "host:tenant.mail.example:25;tls=required");
  CHECK(rig.goes("x@any.example", "other@tenant.example") == "mx:any.example");
  CHECK(rig.goes("x@any.example") == "mx:any.example");
  CHECK(rig.goes("x@b.example") == "host:gw1:25 gw2:26;lmtp,fallback=gw3:27,after=2");
  CHECK(rig.goes("x@b.example", "", 1) == "host:gw1:25 gw2:26;lmtp,fallback=gw3:27,after=2");
  CHECK(rig.goes("x@b.example", "", 2) == "host:gw3:27");
  CHECK(rig.trace.back().finding == Finding::RowFallback);
}

TEST_CASE("what an alias has led to is not led on again") {
  PlanRig rig;
  rig.rig.domain("a.example");
  rig.rig.add("ann@a.example");
  rig.rig.alias("ann@a.example", {"ann@a.example", "ann@far.example"});
  CHECK(rig.goes("ann@a.example") == "targets:ann@a.example ann@far.example");
  const auto copy = rig.plan({at("ann@a.example"), "", {}, true});
  CHECK(std::holds_alternative<ToMailbox>(copy));
  CHECK(rig.trace.front().finding == Finding::AliasesDone);
}

TEST_CASE("the DNS servers of resolv.conf") {
  const auto found = parse_resolv_conf("# nameserver 192.0.2.9\nnameserver 192.0.2.1\nsearch x\nnameserver\t2001:db8::1 \r\nnameserver fe80::1%eth0\n nameserver 192.0.2.8\nnameserver x\nnameserver192.0.2.7\noptions edns0\nnameserver 192.0.2.2");
  REQUIRE(found.size() == 4);
  CHECK(found[0].to_string() == "192.0.2.1");
  CHECK(found[1].to_string() == "2001:db8::1");
  CHECK(found[3].to_string() == "192.0.2.2");
  CHECK(dns_servers({"192.0.2.1@5353", "nonsense"}).size() == 1);
}
