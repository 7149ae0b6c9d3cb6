// Power cuts, crashes and failing calls against the whole spool, with a plain map as the model.
#include <doctest/doctest.h>

#include <cstdlib>
#include <map>
#include <random>

#include "services/spool/spool_rig.h"

using namespace hikyaku;
using namespace hikyaku::spool;

namespace {

std::uint64_t seeds() {
  const char* wanted = std::getenv("HIKYAKU_POWER_CUT_SEEDS");
  return wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 100;
}

// Where a recipient may be found after a restart, as bits.
constexpr unsigned fresh_bit = 1, deferred_bit = 2, gone_bit = 4;

struct KnownRecipient {
  unsigned allowed = fresh_bit;
  unsigned before = 0;  // settled and not flushed: a cut may bring it back to this
  std::uint32_t attempts = 0;
  TraceId bounce;       // generated with the outcome that is in doubt: there if and only if the recipient is gone
};
struct KnownMessage {
  std::string text;
  std::vector<KnownRecipient> to;
  bool handed_out = false;  // in the life that ended
};

class Story {
 public:
  explicit Story(std::uint64_t seed) : random_(seed), rig_(seed) {}

  void run() {
    for (int life = 0; life < 10; ++life) {
      rig_.disk.stop_after(random_() % 400);
      live();
      spool_.reset();
      if (chance(3)) {
        rig_.kill();
      } else {
        rig_.cut();
        for (auto& [id, message] : known_)
          for (auto& one : message.to) one.allowed |= one.before;
      }
      verify();
      spool_.reset();
      rig_.kill();
    }
  }

  // One fault at the n-th call of its kind, then a cut. False when the fault was beyond the end.
  bool run_with_fault(io::DiskCall kind, std::uint64_t nth) {
    rig_.disk.fail(kind, nth, io::DiskFailure::Broken);
    steps_ = 60;
    live();
    const bool hit = rig_.disk.fault_was_hit();
    rig_.disk.clear_faults();
    spool_.reset();
    rig_.cut();
    for (auto& [id, message] : known_)
      for (auto& one : message.to) one.allowed |= one.before;
    verify();
    return hit;
  }

 private:
  bool chance(std::uint64_t of) { return random_() % of == 0; }

  void live() {
    auto opened = Spool::open(rig_.disk, rig_.options());
    if (!opened) return;
    spool_ = *std::move(opened);
    spool_->set_flush_accounts([](const std::vector<std::string>&) { return true; });
    fresh_.clear();
    spool_->for_each_deferred([&](const DeferredRecipient& one) { due_.push_back(one); });
    for (std::uint64_t step = 0; step < steps_ && !rig_.disk.stopped(); ++step) {
      switch (random_() % 10) {
        case 0: case 1: case 2: accept(); break;
        case 3: take_fresh(); break;
        case 4: case 5: settle_one(); break;
        case 6: defer_one(); break;
        case 7: retry_one(); break;
        case 8: flush(); break;
        default: (void)spool_->tend();
      }
    }
    due_.clear();
  }

  void accept() {
    const auto recipients = static_cast<std::uint32_t>(1 + random_() % 3);
    const auto size = chance(12) ? 110'000 + random_() % 5'000 : chance(6) ? 13'000 + random_() % 5'000 : random_() % 3'000;
    const std::string text(size, static_cast<char>('a' + random_() % 26));
    TraceId id;
    const bool acknowledged = rig_.try_accept(recipients, text, &id);
    if (id.sequence == 0) return;
    KnownMessage message{text, std::vector<KnownRecipient>(recipients)};
    for (auto& one : message.to) one.allowed = acknowledged ? fresh_bit : fresh_bit | gone_bit;
    known_[id] = std::move(message);
  }

  void take_fresh() {
    auto more = spool_->fresh(1 + random_() % 8);
    if (!more) return;
    for (auto& one : *more) {
      const auto at = known_.find(one.ref.id);
      REQUIRE(at != known_.end());
      at->second.handed_out = true;
      for (const auto& open : one.open)
        CHECK_MESSAGE((at->second.to[open.index].allowed & fresh_bit) != 0, one.ref.id.text() << " given twice");
      fresh_.push_back(std::move(one));
    }
  }

  void settle_one() {
    if (fresh_.empty()) return;
    const auto message = fresh_[random_() % fresh_.size()];
    std::erase_if(fresh_, [&](const auto& one) { return one.ref == message.ref; });
    Settlement settlement{message.ref, {}, {}};
    auto& known = known_[message.ref.id];
    const bool bounces = message.ref.journal != 0 && chance(4);
    for (const auto& one : message.open)
      settlement.outcomes.push_back({one.index, bounces ? Outcome::Bounced : chance(3) ? Outcome::DeliveredLazy : Outcome::Delivered, "account/1"});
    if (bounces) settlement.generated.push_back(Rig::bounce(message, "all"));
    const bool done = spool_->settle(std::vector{settlement}).has_value();
    TraceId bounce;
    if (bounces) {
      bounce = settlement.generated[0].envelope.id;
      auto& child = known_[bounce];
      child = {settlement.generated[0].text, std::vector<KnownRecipient>(1)};
      child.to[0].allowed = done ? fresh_bit : fresh_bit | gone_bit;
    }
    for (const auto& one : settlement.outcomes) {
      auto& recipient = known.to[one.recipient];
      const auto was = recipient.allowed;
      recipient.allowed = done ? gone_bit : was | gone_bit;
      // With a mail of ours it is on disk already; a lazy copy is verified again after any restart, until it is released.
      recipient.before = bounces ? 0 : was;
      if (one.outcome == Outcome::DeliveredLazy) recipient.allowed |= was;
      recipient.bounce = bounces && !done ? bounce : TraceId{};
    }
  }

  void defer_one() {
    if (fresh_.empty()) return;
    const auto message = fresh_[random_() % fresh_.size()];
    std::erase_if(fresh_, [&](const auto& one) { return one.ref == message.ref; });
    Deferral deferral{message.ref, {}, {}};
    for (const auto& one : message.open) deferral.recipients.push_back(Rig::schedule(one.index));
    apply(deferral);
  }

  void apply(const Deferral& deferral) {
    const bool done = spool_->defer(std::vector{deferral}).has_value();
    for (const auto& one : deferral.recipients) {
      auto& recipient = known_[deferral.message.id].to[one.recipient];
      recipient.allowed = done ? deferred_bit : recipient.allowed | deferred_bit;
      recipient.before = 0;
      if (done) recipient.attempts = one.attempts, due_.push_back({deferral.message.id, one});
      else recipient.attempts = 0;
    }
  }

  // A deferred recipient's next attempt: fails again, or ends.
  void retry_one() {
    if (due_.empty()) return;
    const auto at = random_() % due_.size();
    auto one = due_[at];
    due_.erase(due_.begin() + static_cast<std::ptrdiff_t>(at));
    auto& recipient = known_[one.id].to[one.schedule.recipient];
    if (recipient.allowed != deferred_bit) return;
    if (chance(2)) {
      ++one.schedule.attempts;
      return apply({{one.id, 0, {}}, {one.schedule}, {}});
    }
    const Settlement settlement{{one.id, 0, {}}, {{one.schedule.recipient, Outcome::Delivered, {}}}, {}};
    const bool done = spool_->settle(std::vector{settlement}).has_value();
    recipient.allowed = done ? gone_bit : gone_bit | deferred_bit;
    recipient.before = deferred_bit;
  }

  void flush() {
    if (!spool_->flush()) return;
    for (auto& [id, message] : known_)
      for (auto& one : message.to) one.before = 0;
  }

  void verify() {
    auto opened = Spool::open(rig_.disk, rig_.options());
    REQUIRE_MESSAGE(opened, opened.error().what);
    spool_ = *std::move(opened);
    std::map<TraceId, std::map<std::uint32_t, unsigned>> seen;
    for (;;) {
      const auto fresh = spool_->fresh(7);
      REQUIRE_MESSAGE(fresh, fresh.error().what);
      if (fresh->empty()) break;
      for (const auto& one : *fresh) {
        REQUIRE_MESSAGE(known_.contains(one.ref.id), "nobody sent " << one.ref.id.text());
        check_text(one.ref);
        for (const auto& open : one.open) {
          CHECK_MESSAGE(seen[one.ref.id][open.index] == 0, one.ref.id.text() << " is there twice");
          seen[one.ref.id][open.index] |= fresh_bit;
        }
      }
    }
    spool_->for_each_deferred([&](const DeferredRecipient& one) {
      CHECK_MESSAGE(seen[one.id][one.schedule.recipient] == 0, one.id.text() << " is fresh and deferred");
      seen[one.id][one.schedule.recipient] |= deferred_bit;
      const auto attempts = known_[one.id].to[one.schedule.recipient].attempts;
      if (attempts != 0) CHECK(one.schedule.attempts == attempts);
    });
    for (auto& [id, message] : known_)
      for (std::uint32_t i = 0; i < message.to.size(); ++i) {
        auto& one = message.to[i];
        const auto at = seen.find(id);
        const unsigned found = at == seen.end() || !at->second.contains(i) || at->second[i] == 0 ? gone_bit : at->second[i];
        CHECK_MESSAGE((found & one.allowed) != 0, id.text() << " recipient " << i << " is at " << found << ", allowed " << one.allowed);
        if (found == deferred_bit) check_text({id, 0, {}});
        if (one.bounce != TraceId{}) {  // who saw it knows that it was on disk
          const bool made = seen.contains(one.bounce) || known_[one.bounce].handed_out;
          CHECK_MESSAGE(made == (found == gone_bit), id.text() << ": an outcome and its bounce are not of one piece");
        }
        one.allowed = found;
        one.before = 0;
        one.bounce = {};
        if (found == deferred_bit)
          for (const auto& deferred : spool_->deferred(id))
            if (deferred.schedule.recipient == i) one.attempts = deferred.schedule.attempts;
      }
    for (auto& [id, message] : known_) message.handed_out = false;
    CHECK(spool_->counts().damaged_records == 0);
  }

  void check_text(const MessageRef& message) {
    const auto text = spool_->body(message, 0, 1 << 20);
    REQUIRE_MESSAGE(text, text.error().what);
    CHECK_MESSAGE(*text == known_[message.id].text, message.id.text() << " has another text");
  }

  std::mt19937_64 random_;
  Rig rig_;
  std::unique_ptr<Spool> spool_;
  std::map<TraceId, KnownMessage> known_;
  std::vector<FreshMessage> fresh_;
  std::vector<DeferredRecipient> due_;
  std::uint64_t steps_ = 100'000;
};
}  // namespace

TEST_CASE("spool: power cuts and crashes at random instants lose nothing and repeat only what was in flight") {
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    CAPTURE(seed);
    Story(seed).run();
  }
}

TEST_CASE("spool: the n-th write or flush fails, then the power") {
  for (const auto kind : {io::DiskCall::Write, io::DiskCall::Flush, io::DiskCall::SyncFolder, io::DiskCall::Rename, io::DiskCall::Open})
    for (std::uint64_t nth = 1; nth < 400; nth += 1 + nth / 40) {
      CAPTURE(static_cast<int>(kind));
      CAPTURE(nth);
      if (!Story(nth).run_with_fault(kind, nth)) break;
    }
}

// The recipient of the notification counts: whatever fails, and whenever the power goes, they get it once.
TEST_CASE("spool: a bounce whose record group was not flushed is handed to nobody, and leaves once") {
  enum class Then { Cut, Repeat, FlushAndRepeat };
  for (const auto& [defers, then] : {std::pair{false, Then::Cut}, {false, Then::Repeat}, {false, Then::FlushAndRepeat},
                                     {true, Then::Cut}, {true, Then::Repeat}, {true, Then::FlushAndRepeat}})
    for (std::uint64_t nth = 1;; ++nth) {
      CAPTURE(defers);
      CAPTURE(static_cast<int>(then));
      CAPTURE(nth);
      Rig rig(nth);
      rig.accept(1, "hello");
      auto spool = rig.open();
      int sent = 0;
      const auto take = [&] {
        const auto fresh = spool->fresh(10);
        REQUIRE(fresh);
        for (const auto& one : *fresh)
          if (one.ref.journal == 0) {
            ++sent;
            REQUIRE(spool->settle(std::vector{Rig::delivered(one)}));
          }
        return *fresh;
      };
      const auto first = take();
      REQUIRE(first.size() == 1);
      const auto give_up = [&](const FreshMessage& message) {
        if (!defers) return spool->settle(std::vector{Settlement{message.ref, {{0, Outcome::Bounced, {}}}, {Rig::bounce(message, "all")}}});
        return spool->defer(std::vector{Deferral{message.ref, {Rig::schedule(0)}, {Rig::bounce(message, "all")}}});
      };
      rig.disk.fail(io::DiskCall::Flush, nth, io::DiskFailure::Broken);
      const auto given_up = give_up(first[0]);
      rig.disk.clear_faults();
      if (!given_up) CHECK_MESSAGE(take().empty(), "handed out before it is on disk");
      if (then != Then::Cut) {  // the caller repeats what failed
        if (then == Then::FlushAndRepeat) {
          REQUIRE(spool->flush());
          take();
        }
        REQUIRE(give_up(first[0]));
        take();
      }
      REQUIRE(spool->flush());
      spool.reset();
      rig.cut();
      spool = rig.open();
      for (const auto& one : take())
        if (one.ref.journal != 0) REQUIRE(give_up(one));
      take();
      CHECK(sent == 1);
      if (given_up) {
        CHECK(nth > 2);
        break;
      }
    }
}

// An alias in four mails, once with 20,000 targets. Wherever the power goes: all of them wait, or the alias does.
TEST_CASE("spool: an expansion into several mails is there whole or not at all, and each is handed out once") {
  constexpr std::uint32_t parts = 4;
  for (std::uint64_t stop = 1;; stop += stop < 40 ? 1 : 7) {
    CAPTURE(stop);
    const std::uint32_t recipients = stop == 9 ? 5'000 : 100;
    Rig rig(stop);
    auto options = rig.options();
    options.holding_segment_octets = options.domains_segment_octets = 2 << 20;
    const auto reopen = [&] {
      auto opened = Spool::open(rig.disk, options);
      REQUIRE_MESSAGE(opened, opened.error().what);
      return *std::move(opened);
    };
    const auto alias = rig.accept(1, "hello, all");
    auto spool = reopen();
    const auto expand = [&](const FreshMessage& message) {
      Settlement settlement{message.ref, {{0, Outcome::Expanded, {}}}, {}};
      for (std::uint32_t part = 0; part < parts; ++part) {
        GeneratedMail mail{message.envelope, "hello, all"};
        mail.envelope.id = message.ref.id.derived("r0@example.net", "alias" + std::to_string(part), 100);
        mail.envelope.recipients.clear();
        for (std::uint32_t i = 0; i < recipients; ++i)
          mail.envelope.recipients.push_back({{"u" + std::to_string(part * recipients + i), "far.example"}, "", {}});
        settlement.generated.push_back(std::move(mail));
      }
      return spool->settle(std::vector{settlement});
    };
    const auto message = spool->fresh(1)->at(0);
    rig.disk.stop_after(stop);
    const auto expanded = expand(message);
    const bool all_was_done = expanded && !rig.disk.stopped();
    spool.reset();
    rig.cut();
    spool = reopen();
    std::vector<std::uint32_t> copies(parts * recipients);
    for (auto fresh = *spool->fresh(10); !fresh.empty(); fresh = *spool->fresh(10))
      for (const auto& one : fresh) {
        if (one.ref.id == alias) {
          CHECK(!expanded);
          REQUIRE(expand(one));
          continue;
        }
        REQUIRE(*spool->body(one.ref, 0, 100) == "hello, all");
        for (const auto& open : one.open) ++copies[std::stoul(one.envelope.recipients[open.index].address.local_part.substr(1))];
        REQUIRE(spool->settle(std::vector{Rig::delivered(one)}));
      }
    CHECK(std::ranges::count(copies, 1U) == parts * recipients);
    if (all_was_done) {
      CHECK(stop > 5);
      break;
    }
  }
}
