#include "services/delivery/why/diagnosis.h"

#include <algorithm>
#include <initializer_list>

#include "services/delivery/schedule/scheduler.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::delivery {
namespace {

constexpr Duration long_wait = std::chrono::seconds{10};

// "%1" to "%9" in a pattern become the arguments.
std::string fill(std::string_view pattern, std::initializer_list<std::string> arguments) {
  std::string text;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const bool place = pattern[at] == '%' && at + 1 < pattern.size() && pattern[at + 1] >= '1' && pattern[at + 1] <= '9';
    const auto number = place ? static_cast<std::size_t>(pattern[at + 1] - '1') : 0;
    if (place && number < arguments.size()) text += arguments.begin()[number], ++at;
    else text += pattern[at];
  }
  return text;
}
Suggestion say(Advice advice, std::string_view english, std::string_view japanese, std::initializer_list<std::string> arguments) {
  return {advice, fill(english, arguments), fill(japanese, arguments)};
}

// "2026-11-22 09:00", by the machine's zone.
std::string minute_text(WallTime when) {
  auto text = telemetry::stamp_text(when).substr(0, 16);
  text[10] = ' ';
  return text;
}

bool contains(std::string_view text, std::string_view word) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::search(text, word, {}, lower, lower).begin() != text.end();
}
bool speaks_of_relaying(std::string_view reply) {
  return contains(reply, "relay") || contains(reply, "中継");
}
bool mailbox_is_full(std::string_view reply) { return contains(reply, ".2.2") || contains(reply, "mailbox is full") || contains(reply, "quota"); }
bool recipient_is_unknown(std::string_view reply) { return contains(reply, "5.1.1") || contains(reply, "user unknown") || contains(reply, "no such user"); }

bool is_here(const WhyFacts& facts) { return facts.destination.starts_with("local:"); }
// Words that a sentence of ours goes on after.
std::string clause(std::string_view words) {
  while (words.ends_with('.')) words.remove_suffix(1);
  return std::string(words);
}

std::string quoted(const WhyFacts& facts) { return facts.reply.empty() ? "-" : "\"" + facts.reply + "\""; }
std::string next_try(const WhyFacts& facts, bool japanese) {
  if (!facts.next_try) return japanese ? "未定" : "not planned";
  if (*facts.next_try <= facts.now) return japanese ? "今" : "now";
  return japanese ? time_text(*facts.next_try - facts.now, true) + "後" : "in " + time_text(*facts.next_try - facts.now, false);
}
Suggestion two(Advice advice, const WhyFacts& facts, std::string_view english, std::string_view japanese) {
  const auto in = [&](std::string_view pattern, bool ja) {
    return fill(pattern, {facts.subject, quoted(facts), next_try(facts, ja), facts.reply_host.empty() ? facts.destination : facts.reply_host,
                          facts.subject.find('@') == std::string::npos ? "user@" + facts.subject : facts.subject});
  };
  return {advice, in(english, false), in(japanese, true)};
}

Health health_of(const WhyFacts& facts) { return facts.state && facts.state->health <= static_cast<std::uint8_t>(Health::Held) ? static_cast<Health>(facts.state->health) : Health::Healthy; }

class Diagnosis {
 public:
  explicit Diagnosis(const WhyFacts& facts) : facts_(facts) {}

  std::vector<Suggestion> found() && {
    address();
    // Before what else is known, but behind the trouble of what waits on its own way all the same.
    const bool first = facts_.redirected && (facts_.redirected->hold != 0 || facts_.waiting == 0);
    if (first) redirected(*facts_.redirected);
    look();
    if (facts_.redirected && !first) redirected(*facts_.redirected);
    return std::move(all_);
  }

 private:
  void look() {
    if (facts_.delivered && facts_.spent && !facts_.place) {  // a message that is over: nothing of now concerns it
      return done();
    }
    if (!facts_.server && !(facts_.delivered && facts_.waiting == 0)) stopped();
    if (!facts_.hold.empty()) {  // what else stands in its way shows when it is released
      held();
      return our_own();
    }
    if (facts_.destination == release_key && facts_.place) {  // nobody was asked yet
      until_release();
      return our_own();
    }
    const bool ended = facts_.given_up && !facts_.place;
    if (ended && facts_.waiting == 0) given_up();
    our_own();
    live();
    if (facts_.failure && !facts_.delivered) failed(*facts_.failure);
    limits();
    if (ended && facts_.waiting > 0) given_up();  // what waits can still be helped
    otherwise();
  }
  void add(Suggestion one) { all_.push_back(std::move(one)); }

  // What the domain's other mail does is told after it.
  void address() {
    const auto& address = facts_.address;
    switch (facts_.address_trouble) {
      case AddressTrouble::None: return;
      case AddressTrouble::NoAccount:
        return add(say(Advice::Recipient, "There is no account, alias or list %1 here: mail for it is refused (550 5.1.1). Remedy: correct the address (hikyaku account list), or hikyaku account add %1, hikyaku alias add %1 TARGET",
                       "%1 というアカウント、別名、リストはここにない。宛先として拒否する(550 5.1.1)。対処: 宛先を直す(hikyaku account list で確かめる)か、hikyaku account add %1 または hikyaku alias add %1 転送先", {address}));
      case AddressTrouble::ToNobody:
        return add(say(Advice::Recipient, "The alias of %1 leads to nobody: mail for it is refused (550 5.1.1). Remedy: hikyaku alias list shows its targets, hikyaku route explain %1 each step",
                       "%1 の別名の行き先がどこにもない。宛先として拒否する(550 5.1.1)。対処: 行き先は hikyaku alias list、順を追った説明は hikyaku route explain %1 でわかる", {address}));
      case AddressTrouble::Disabled:
        return add(say(Advice::Recipient, "The account of %1 is disabled: mail for it is refused (550 5.2.1). Remedy: hikyaku account set %1 --enabled yes",
                       "%1 のアカウントは無効。宛先として拒否する(550 5.2.1)。対処: hikyaku account set %1 --enabled yes", {address}));
      case AddressTrouble::NotListed:
        return add(say(Advice::Recipient, "%1 is not on the list of the users of %2: mail for it is refused (550 5.1.1). Remedy: hikyaku domain recipients add %2 %1",
                       "%1 は %2 の利用者の一覧にない。宛先として拒否する(550 5.1.1)。対処: hikyaku domain recipients add %2 %1", {address, facts_.subject}));
    }
  }

  void stopped() {
    const bool known = !facts_.stopped_by.empty();
    add(known ? say(Advice::Start, "deliver is stopped since %1 by %2: nothing is tried, and no period runs. Remedy: hikyaku service start deliver",
                    "deliver は %1 に %2 が停止した。配送は行われず、期限も進まない。対処: hikyaku service start deliver", {facts_.stopped_since, facts_.stopped_by})
              : say(Advice::Start, "deliver does not run: nothing is tried, and no period runs. Remedy: hikyaku status shows why; hikyaku service start deliver",
                    "deliver が動いていない。配送は行われず、期限も進まない。対処: hikyaku status で原因を確かめ、hikyaku service start deliver", {}));
  }
  void held() {
    add(say(Advice::Release, "Held by hold %1: it is not tried, and its clocks stand still. To send it now: hikyaku hold release %2",
            "保留 %1 により配送を止めている。期限は進まない。すぐ送るには hikyaku hold release %2", {facts_.hold, std::to_string(facts_.hold_id)}));
  }
  void redirected(const Redirection& to) {
    if (to.hold != 0)
      return add(say(Advice::Redirected, "New mail for %1 goes to %2 by hold %3 (%4), since %5; what was tried elsewhere before waits for its end. To end it: hikyaku hold release %3",
                     "%1 宛の新着は、保留 %3(%4)により %5 から %2 へ配送している。それ以前に別の経路で試行したメールは終了を待つ。終えるには hikyaku hold release %3",
                     {facts_.subject, to.to, std::to_string(to.hold), to.by, minute_text(to.at)}));
    if (to.at == WallTime{})
      return add(say(Advice::Redirected, "An operator sent this mail to %1 (hikyaku queue redirect), whatever its route says. To send it elsewhere: hikyaku queue redirect",
                     "このメールは管理者が %1 へ振り替えた(hikyaku queue redirect)。経路表にはよらない。別の配送先へは hikyaku queue redirect", {to.to}));
    add(say(Advice::Redirected, "Mail for %1 was redirected to %2 by %3 (hikyaku queue redirect), %4: %5 recipients. New mail goes its own way",
            "%1 宛のメールは %4 に %3 が %2 へ振り替えた(hikyaku queue redirect): 宛先 %5 件。新着は本来の経路で配送する",
            {facts_.subject, to.to, to.by, minute_text(to.at), std::to_string(to.recipients)}));
  }
  void until_release() {
    add(two(Advice::Wait, facts_, "Its sender asked for it to be held until a later time: it is released %3. To send it now: hikyaku queue retry",
            "送信者の指定した時刻まで保留している(送信予約)。送信は%3。すぐ送るには hikyaku queue retry"));
  }
  // A refusal for good says so itself, where nothing else waits whose words are told instead.
  void given_up() {
    const bool says_so = facts_.failure == FailureClass::Refused || facts_.failure == FailureClass::PolicyRefused || facts_.failure == FailureClass::Name;
    if (says_so && facts_.waiting == 0) return;
    const auto& who = facts_.given_up_recipient.empty() ? facts_.subject : facts_.given_up_recipient;
    const auto& words = facts_.given_up_reply.empty() ? facts_.reply : facts_.given_up_reply;
    add(say(Advice::Nothing, "%1 was given up: %2", "%1 宛ては配送を断念した: %2", {who, words.empty() ? "-" : words}));
  }
  void our_own() {
    const std::string trouble = facts_.state && !facts_.state->trouble.empty() ? facts_.state->trouble : facts_.disk_trouble;
    if (!trouble.empty())
      add(say(Advice::Disk, "Our own disk or store is the trouble: %1. Nothing is lost, and no period runs. Remedy: make space, or mend the disk",
              "自サーバのディスクまたはストアに問題がある: %1。メールは失われず、期限も進まない。対処: 空き容量を作るか、ディスクを直す", {clause(trouble)}));
    const bool for_all = facts_.server && facts_.server->dns_trouble_since;
    const bool for_this = facts_.dns == DnsFinding::Silent && (!facts_.failure || *facts_.failure == FailureClass::NoDnsAnswer);
    if (for_all || for_this)
      add(say(Advice::DnsServers, "DNS gives no usable answer (%1). Remedy: check the name servers in [delivery] resolvers or /etc/resolv.conf, and the way to them",
              "DNS から使える応答がない(%1)。対処: [delivery] resolvers または /etc/resolv.conf のネームサーバと、そこまでの経路を確かめる",
              {facts_.dns_words.empty() ? facts_.subject : clause(facts_.dns_words)}));
  }
  // What runs now, or waits for a slot, says more than the last failure.
  void live() {
    if (!facts_.state) return;
    const auto& state = *facts_.state;
    const bool slow = state.in_use > 0 && state.runs_for > long_wait && (state.running_longest == Cause::Reply || state.running_longest == Cause::Tls);
    if (slow)
      add({Advice::SlowPeer,
           fill("The next hop answers very slowly: a delivery to %1 waits for its reply since %2. It holds %3 of its own connections and nobody else's. Remedy: ask its operator; to give up earlier, lower [delivery] reply_time",
                {state.key, time_text(state.runs_for, false), std::to_string(state.in_use)}),
           fill("相手サーバの応答が非常に遅い。%1 への配送が %2 応答を待っている。使っているのは相手先の接続 %3 本だけで、他の配送には影響しない。対処: 相手の管理者に問い合わせる。早く打ち切るには [delivery] reply_time を短くする",
                {state.key, time_text(state.runs_for, true), std::to_string(state.in_use)})});
    const bool connecting = state.in_use > 0 && state.runs_for > long_wait && state.running_longest == Cause::Connect;
    if (connecting && !facts_.failure)
      add({Advice::PeerDown, fill("Nothing answers at %1 yet: it is being connected to since %2. Remedy: its operator must bring it back; [delivery] connect_time ends the wait", {state.key, time_text(state.runs_for, false)}),
           fill("%1 がまだ応答しない。%2 前から接続中。対処: 相手サーバの復旧が必要。待つ時間は [delivery] connect_time", {state.key, time_text(state.runs_for, true)})});
    if (health_of(facts_) == Health::Greylisting) greylist();
  }

  void failed(FailureClass failure) {
    switch (failure) {
      case FailureClass::Greylisted: return greylist();
      case FailureClass::Name: return name();
      case FailureClass::NoDnsAnswer: return no_dns_answer();
      case FailureClass::Tls:
        return add(two(Advice::Tls, facts_, "TLS with %4 fails: %2. No mail goes without it where it is demanded. Remedy: its operator must mend the certificate or TLS; a row's tls= says what we demand (hikyaku route explain %5)",
                       "%4 との TLS が確立できない: %2。TLS を必須とする相手には平文では送らない。対処: 相手側の証明書・TLS の修正。こちらの要求は経路表の tls= による(hikyaku route explain %5)"));
      case FailureClass::Policy:
      case FailureClass::PolicyRefused: return policy();
      case FailureClass::Refused: return refused();
      case FailureClass::Transient: return transient();
      case FailureClass::NoAnswer:
      case FailureClass::Timeout:
      case FailureClass::ConnectionRefused:
      case FailureClass::Unreachable:
      case FailureClass::LineCut: return silence(failure);
    }
  }
  void greylist() {
    if (!all_.empty() && all_.back().advice == Advice::Greylist) return;
    const auto wait = facts_.state ? facts_.state->greylist_wait : std::nullopt;
    auto one = two(Advice::Greylist, facts_, "%1 greylists newcomers: it is tried again %3, from the same address. Nothing to do: it will be taken. Its words: %2",
                   "%1 はグレイリスティングを行っている。次の再送は%3(同じアドレスから)。何もしなくても受け取られる。応答: %2");
    if (wait) one.english += " (learned wait: " + time_text(*wait, false) + ")", one.japanese += "(学習した待ち時間: " + time_text(*wait, true) + ")";
    add(std::move(one));
  }
  void name() {
    if (facts_.routed) return route();
    add(two(Advice::DnsRecords, facts_, "DNS says that %1 takes no mail: %2. Remedy: check the address for a mistype; else the domain's owner must mend its MX or address records",
            "DNS 上 %1 はメールを受け取れない: %2。対処: 宛先の綴りを確かめる。正しければ、相手ドメインの MX・アドレスレコードの修正が必要"));
  }
  void no_dns_answer() {
    if (facts_.routed) return route();
    if (std::ranges::any_of(all_, [](const auto& one) { return one.advice == Advice::DnsServers; })) return;
    if (facts_.dns == DnsFinding::NoDomain || facts_.dns == DnsFinding::NoAddress || facts_.dns == DnsFinding::Ourselves) return name();
    add(two(Advice::DnsServers, facts_, "DNS gave no usable answer for %1: %2; next try %3. Remedy: check the name servers in [delivery] resolvers or /etc/resolv.conf, and those of the domain",
            "%1 について DNS から使える応答がなかった: %2。次の再送は%3。対処: [delivery] resolvers または /etc/resolv.conf と、相手ドメインのネームサーバを確かめる"));
  }
  void route() {
    add(two(Advice::Route, facts_, "The route table sends this mail to %4, which is no use: %2. Remedy: hikyaku route explain %5, then hikyaku route edit",
            "経路表の指定先 %4 では配送できない: %2。対処: hikyaku route explain %5 で確かめ、hikyaku route edit で直す"));
  }
  void policy() {
    if (facts_.routed && speaks_of_relaying(facts_.reply)) return route();
    for (const bool spoken_of : {true, false})  // what the peer speaks of comes first
      for (const auto& finding : facts_.policy)
        if ((finding.state == RecordState::Missing || finding.state == RecordState::Wrong) && speaks_of(finding.record) == spoken_of)
          add(two(Advice::Policy, facts_, finding.english + " That is a likely reason why %4 refuses us: %2", finding.japanese + "%4 が拒否した原因と考えられる: %2"));
    if (all_.empty() || all_.back().advice != Advice::Policy)
      add(two(Advice::Policy, facts_, "%4 refuses us for authentication or reputation: %2. Our records look right as far as they were checked. Remedy: ask its operator, or look our address up in block lists",
              "%4 が認証・評判を理由に拒否している: %2。確かめた範囲で自ドメインの DNS レコードに問題はない。対処: 相手の管理者への問い合わせ、ブロックリストの確認"));
  }
  [[nodiscard]] bool speaks_of(PolicyRecord record) const {
    switch (record) {
      case PolicyRecord::Spf: return contains(facts_.reply, "spf");
      case PolicyRecord::Dkim: return contains(facts_.reply, "dkim");
      case PolicyRecord::Dmarc: return contains(facts_.reply, "dmarc");
      case PolicyRecord::Ptr: return contains(facts_.reply, "ptr") || contains(facts_.reply, "reverse") || contains(facts_.reply, "rdns") || contains(facts_.reply, "逆引き");
      case PolicyRecord::Helo: return contains(facts_.reply, "helo") || contains(facts_.reply, "ehlo");
    }
    return false;
  }
  void refused() {
    if (speaks_of_relaying(facts_.reply) && facts_.routed) return route();
    if (mailbox_is_full(facts_.reply)) return mailbox();
    if (recipient_is_unknown(facts_.reply))
      return add(two(Advice::Recipient, facts_, "The recipient does not exist there: %2. Remedy: the sender must correct the address", "宛先が相手に存在しない: %2。対処: 送信者が宛先を直す"));
    add(two(Advice::PeerRefuses, facts_, "%4 refused it for good: %2. Remedy: its words say what it minds; only its operator can change that",
            "%4 が恒久的に拒否した: %2。対処: 応答の内容による。変えられるのは相手の管理者だけ"));
  }
  void mailbox() {
    const std::string account = !facts_.account.empty() ? facts_.account : facts_.subject.find('@') != std::string::npos ? facts_.subject : "ACCOUNT";
    if (is_here(facts_))
      add(say(Advice::Mailbox, "The mailbox of %1 is full; mail for it is tried again %2, and soon after there is room. Remedy: the user deletes mail, or hikyaku account set %1 --quota SIZE",
              "%1 のメールボックスが容量制限に達している。次の再送は%3。空きができると間もなく再送する。対処: 利用者が不要なメールを消すか、hikyaku account set %1 --quota 容量",
              {account, next_try(facts_, false), next_try(facts_, true)}));
    else
      add(two(Advice::Mailbox, facts_, "The recipient's mailbox there is full: %2; next try %3. Only its owner can make room", "相手のメールボックスが一杯: %2。次の再送は%3。空けられるのは相手だけ"));
  }
  void transient() {
    if (mailbox_is_full(facts_.reply)) return mailbox();
    if (speaks_of_relaying(facts_.reply) && facts_.routed) return route();
    if (health_of(facts_) == Health::Throttled) return;  // limits() says it
    add(two(Advice::PeerSaysLater, facts_, "%4 asks for another time: %2; next try %3. To try at once: hikyaku queue retry", "%4 が後で送るよう求めている: %2。次の再送は%3。すぐ試すには hikyaku queue retry"));
  }
  void silence(FailureClass failure) {
    if (std::ranges::any_of(all_, [](const auto& one) { return one.advice == Advice::SlowPeer; })) return;
    auto one = two(Advice::PeerDown, facts_, "Nothing answers at %4: %2; next try %3. Remedy: its operator must bring it back", "%4 が応答しない: %2。次の再送は%3。対処: 相手サーバの復旧が必要");
    const std::string cause(class_words(failure, false)), cause_ja(class_words(failure, true));
    one.english += " (" + cause + "); for a long outage, hikyaku hold add keeps the periods from running";
    one.japanese += "(" + cause_ja + ")。長引くなら hikyaku hold add で期限を止められる";
    add(std::move(one));
    if (facts_.routed) route();
  }

  void limits() {
    if (!facts_.state) return;
    const auto& state = *facts_.state;
    const bool waits = state.fresh + state.retry > 0;
    const bool bound = state.in_use > 0 && state.in_use >= state.limit;
    if (waits && bound && state.limit >= state.most)
      add(say(Advice::Limit, "The limit for %1 binds: %2 deliveries at once, and %3 wait. Remedy: raise [delivery] connections_per_destination, or its row in connection_limits",
              "%1 への同時接続数の上限 %2 に達し、%3 件が待っている。対処: [delivery] connections_per_destination、または connection_limits の該当行を上げる",
              {state.key, std::to_string(state.most), std::to_string(state.fresh + state.retry)}));
    else if (health_of(facts_) == Health::Throttled || (waits && bound))
      add(say(Advice::Throttled, "%1 bears %2 deliveries at once by the evidence (%4); %3 wait, and the number grows with each success. Nothing to do",
              "%1 が受け入れられる同時配送は、これまでの様子から %2 本(%4)。%3 件が待つ。成功のたびに増える。何もしなくてよい",
              {state.key, std::to_string(state.limit), std::to_string(state.fresh + state.retry + state.deferred),
               state.evidence_words.empty() ? "-" : "\"" + state.evidence_words + "\""}));
    if (!facts_.server || !waits || bound) return;
    const auto& server = *facts_.server;
    if (server.fresh_in_use + server.retry_in_use >= server.lanes.slots || server.fresh_waiting > 0)
      add(say(Advice::Slots, "All %1 deliveries at once, or the share of new mail in them, are in use (%2 new, %3 retries). Remedy: raise [delivery] connections",
              "同時配送数 %1(または新着・再送それぞれの割り当て)をすべて使っている(新着 %2、再送 %3)。対処: [delivery] connections を上げる",
              {std::to_string(server.lanes.slots), std::to_string(server.fresh_in_use), std::to_string(server.retry_in_use)}));
  }

  void otherwise() {
    if (!all_.empty()) return;
    if (facts_.dns == DnsFinding::NoDomain || facts_.dns == DnsFinding::NoAddress || facts_.dns == DnsFinding::Ourselves || facts_.dns == DnsFinding::NullMx)
      return add(say(Advice::DnsRecords, "Mail for %1 would fail: %2. Remedy: check the name; else the domain's owner must mend its records",
                     "%1 宛ては配送できない: %2。対処: 綴りを確かめる。正しければ相手ドメインの DNS レコードの修正が必要", {facts_.subject, clause(facts_.dns_words)}));
    if (facts_.delivered) return done();
    if (facts_.waiting > 0 || facts_.place)
      return add(say(Advice::Wait, "Nothing stands in its way: %1 is on its way", "妨げになるものはない。%1 宛ては処理中", {facts_.subject}));
    if (is_here(facts_))
      return add({Advice::Nothing, "Nothing waits for " + facts_.subject + ", " + unknown_state_text(facts_, false), facts_.subject + " 宛てに待っているメールはない。" + unknown_state_text(facts_, true)});
    if (const auto unknown = unknown_state_text(facts_, false); !unknown.empty())
      return add({Advice::Nothing, "Nothing waits for " + facts_.subject + "; " + unknown, facts_.subject + " 宛てに待っているメールはない。配送先の状態は" + unknown_state_text(facts_, true)});
    add(say(Advice::Nothing, "Nothing waits for %1, and nothing failed lately", "%1 宛てに待っているメールも、最近の失敗もない", {facts_.subject}));
  }
  void done() {
    if (!facts_.spent && is_here(facts_))
      return add(say(Advice::Nothing, "Mail for %1 reaches the mailboxes here: the last one was delivered", "%1 宛てのメールはここのメールボックスに届いている(直近のメールは配送済み)", {facts_.subject}));
    if (!facts_.spent) return add(say(Advice::Nothing, "Mail for %1 goes out: the last one was taken", "%1 宛ての直近のメールは受け取られている", {facts_.subject}));
    auto most = Cause::Intake;
    for (std::size_t n = 0; n < causes; ++n)
      if (facts_.spent->of(static_cast<Cause>(n)) > facts_.spent->of(most)) most = static_cast<Cause>(n);
    const Duration total = facts_.spent->total(), part = facts_.spent->of(most);
    add({Advice::Nothing,
         fill("Delivered %1 after it was accepted; %2 of that: %3", {time_text(total, false), time_text(part, false), std::string(cause_words(most, false))}),
         fill("受信から %1 で配送済み。うち %2 は「%3」", {time_text(total, true), time_text(part, true), std::string(cause_words(most, true))})});
  }

  const WhyFacts& facts_;
  std::vector<Suggestion> all_;
};

}  // namespace

std::string_view record_name(PolicyRecord record) {
  constexpr std::array<std::string_view, 5> names{"SPF", "DKIM", "DMARC", "PTR", "HELO"};
  return names[static_cast<std::size_t>(record)];
}
std::string_view state_name(RecordState state) {
  constexpr std::array<std::string_view, 5> names{"good", "missing", "wrong", "unknown", "not checked"};
  return names[static_cast<std::size_t>(state)];
}
std::string_view advice_name(Advice advice) {
  constexpr std::array<std::string_view, 21> names{"nothing", "start", "release", "disk", "dns-servers", "dns-records", "route", "peer-down", "slow-peer", "greylist",
                                                   "tls", "policy", "mailbox", "recipient", "limit", "throttled", "slots", "peer-says-later", "peer-refuses", "wait", "redirected"};
  return names[static_cast<std::size_t>(advice)];
}

std::string unknown_state_text(const WhyFacts& facts, bool japanese) {
  if (is_here(facts)) {
    const std::string last = facts.last_tried ? minute_text(*facts.last_tried) : "";
    if (japanese) return "自サーバのドメイン(メールボックスへ配送)" + (last.empty() ? "" : "。直近のメールは " + last);
    return "a domain of ours, delivered to mailboxes here" + (last.empty() ? "" : "; the last mail came " + last);
  }
  if (!facts.state || facts.state->known == Knowledge::Evidence) return {};
  if (facts.state->known == Knowledge::Untested) return japanese ? "不明: まだ応答を得ていない" : "nothing is known of it: it has not answered yet";
  if (facts.last_tried)
    return japanese ? "不明: " + minute_text(*facts.last_tried) + " を最後に、そこへの配送はない" : "nothing is known of it: no mail has gone there since " + minute_text(*facts.last_tried);
  const auto days = std::to_string(facts.days_searched);
  return japanese ? "不明: 過去 " + days + " 日間、そこへの配送はない" : "nothing is known of it: no mail has gone there in " + days + " days";
}

std::vector<Suggestion> diagnose(const WhyFacts& facts) { return Diagnosis(facts).found(); }

std::string time_text(Duration time, bool japanese) {
  const auto milliseconds = std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
  const auto in = [&](std::int64_t number, std::string_view english, std::string_view words) { return std::to_string(number) + " " + std::string(japanese ? words : english); };
  if (milliseconds < 2'000) return in(milliseconds, "ms", "ミリ秒");
  if (milliseconds < 120'000) return in(milliseconds / 1'000, "s", "秒");
  if (milliseconds < 7'200'000) return in(milliseconds / 60'000, "min", "分");
  if (milliseconds < 172'800'000) return in(milliseconds / 3'600'000, "h", "時間");
  return in(milliseconds / 86'400'000, "d", "日");
}

}  // namespace hikyaku::delivery
