// The sections about the gate: what reception looks at before it takes a stranger's mail, and which rules refuse.
#pragma once

#include "services/settings/setting.h"

namespace hikyaku::settings {

using namespace std::chrono_literals;

struct PolicySection : Section {
  PolicySection() : Section("policy", "What reception looks at before it takes mail of strangers: on port 25, without a login, from no network of relay_networks or exempt_networks. Which rules refuse is in [rules].",
                            "見知らぬ相手(25 番ポート、未ログイン、relay_networks と exempt_networks の外)のメールを受ける前に調べること。拒否する規則は [rules] で選ぶ。") {}
  Setting<Texts> exempt_networks{*this, "exempt_networks", {
      .help = "Networks whose mail no rule looks at and no look-up delays; they may relay no more than others.",
      .help_ja = "規則を適用せず、DNS 検索でも待たせないネットワーク。中継の許可は増えない。", .preset = {"127.0.0.0/8", "::1"}}};
  Setting<Texts> dnsbl{*this, "dnsbl", {
      .help = "Lists of bad clients, asked by DNS (RFC 5782): \"bl.example\", or \"bl.example=127.0.0.2,127.0.0.8/29\" with the answers that count.",
      .help_ja = "悪いクライアントの DNS リスト。\"bl.example\"、または数える応答を付けて \"bl.example=127.0.0.2,127.0.0.8/29\"。"}};
  Setting<Texts> dnswl{*this, "dnswl", {
      .help = "Lists of good clients, written as dnsbl: whom one of them has, no rule about the client objects to.",
      .help_ja = "良いクライアントの DNS リスト(書き方は dnsbl と同じ)。載っていればクライアントについての規則を適用しない。"}};
  Setting<Seconds> list_check{*this, "list_check", {
      .help = "Time between two checks of these and the uri_lists (RFC 5782 section 5): one that lists everything, or lists nothing, is not asked until it is sound again. 0s: never.",
      .help_ja = "dnsbl、dnswl、uri_lists の健全性を確かめる間隔(RFC 5782 §5)。すべてを載せている、または何も載せていないリストは、回復するまで使わない。0s なら確かめない。", .preset = 10min, .min = 0s, .max = 24h}};
  Setting<Texts> uri_lists{*this, "uri_lists", {
      .help = "Lists of bad hosts, written as dnsbl: the hosts of the links in a stranger's text are looked up there (rule uri_list).",
      .help_ja = "悪いホストの DNS リスト(書き方は dnsbl と同じ)。見知らぬ相手のメール本文のリンク先ホストを調べる(規則 uri_list)。"}};
  Setting<Text> uri_list{*this, "uri_list", {
      .help = "What the rule uri_list does in mode enforce: refuse (550), or tag: the message gets a field X-Hikyaku-URI-List.",
      .help_ja = "規則 uri_list(enforce)の動作。refuse は拒否(550)、tag はヘッダー X-Hikyaku-URI-List を付けて受け取る。", .preset = "refuse", .choices = {"refuse", "tag"}}};
  Setting<Texts> uri_exempt{*this, "uri_exempt", {
      .help = "Hosts that the uri_lists are never asked about, with all below them: \"example.jp\"; or IPv4 addresses, \"192.0.2.7\" (links to IPv6 addresses are never asked about). A list that has one by mistake refuses no mail for it.",
      .help_ja = "uri_lists に問い合わせないホスト(\"example.jp\" などと、その下のすべて)、または IPv4 アドレス(\"192.0.2.7\" など。IPv6 アドレスへのリンクはもともと問い合わせない)。リストに誤って載っていても拒否しない。"}};
  Setting<Text> reverse_name{*this, "reverse_name", {
      .help = "How the rule reverse_name answers: defer (450) or refuse (550). DNS that fails is always 450.",
      .help_ja = "規則 reverse_name の応答。defer は 450、refuse は 550。DNS の失敗は常に 450。", .preset = "defer", .choices = {"defer", "refuse"}}};
  Setting<Text> s25r_reply{*this, "s25r_reply", {
      .help = "What the rule s25r says behind its 450 to a client whose name looks like an end user's line: where its administrator may write to, say.",
      .help_ja = "規則 s25r が、末端回線らしい名前のクライアントに 450 とともに返す文。管理者の連絡先などを書ける(英数字と記号)。", .preset = "S25R check, be patient"}};
  Setting<Text> s25r_nameless_reply{*this, "s25r_nameless_reply", {
      .help = "The same to a client without a name that leads back to it.", .help_ja = "同じく、逆引き名を確認できないクライアントに返す文。", .preset = "Reverse lookup failure, be patient"}};
  Setting<Text> sender_domain{*this, "sender_domain", {
      .help = "How the rule sender_domain answers: defer (450) or refuse (550). DNS that fails is always 450.",
      .help_ja = "規則 sender_domain の応答。defer は 450、refuse は 550。DNS の失敗は常に 450。", .preset = "defer", .choices = {"defer", "refuse"}}};
  Setting<Text> greylist{*this, "greylist", {
      .help = "Who is asked to come again: nobody; suspects, whom s25r or reverse_name object to in mode enforce (Rgrey); or everybody.",
      .help_ja = "再送を求める相手。nobody はなし、suspects は s25r か reverse_name(enforce)に該当する相手(Rgrey)、everybody は全員。",
      .preset = "nobody", .choices = {"nobody", "suspects", "everybody"}}};
  Setting<Seconds> greylist_wait{*this, "greylist_wait", {
      .help = "A try passes when the first was so long ago.", .help_ja = "初回からこの時間が過ぎた再送を受け付ける。", .preset = 25min, .min = 1s, .max = 24h}};
  Setting<Seconds> greylist_window{*this, "greylist_window", {
      .help = "A first try is forgotten after so long.", .help_ja = "初回の記録を忘れるまでの時間。", .preset = 120h, .min = 1min, .max = 960h}};
  Setting<Seconds> greylist_known{*this, "greylist_known", {
      .help = "Who came again passes at once from then on, until nothing came from its network (or SPF domain) for so long.",
      .help_ja = "再送してきたネットワーク(または SPF で認証されたドメイン)は以後すぐ通す。この期間メールがなければ忘れる。", .preset = 864h, .min = 1min, .max = 9'600h}};
  Setting<Seconds> tarpit{*this, "tarpit", {
      .help = "Whom [policy] greylist means may wait so long for the reply to RCPT and is taken then (taRgrey: 65s or 125s are usual); who hangs up is greylisted. 0s: nobody waits.",
      .help_ja = "[policy] greylist の対象に、RCPT の応答をこの時間遅らせ、待てば受け付ける(taRgrey。65s か 125s が普通)。待たずに切った相手はグレイリストに回す。0s なら遅らせない。", .preset = 0s, .min = 0s, .max = 280s}};
  Setting<Count> tarpit_sessions{*this, "tarpit_sessions", {
      .help = "So many sessions at most wait in the tarpit at once; beyond, who would wait is greylisted.",
      .help_ja = "同時に応答を遅らせるセッションの上限。超えた相手はグレイリストに回す。", .preset = 500, .min = 1, .max = 100'000}};
  Setting<Count> replay_days{*this, "replay_days", {
      .help = "For so many days it is recorded whose mail was judged and what DNS said, for `hikyaku policy replay`; 0: nothing is.",
      .help_ja = "hikyaku policy replay のために、判定した相手と DNS の応答を記録しておく日数。0 なら記録しない。", .preset = 30, .min = 0, .max = 400}};
  Setting<ByteCount> replay_space{*this, "replay_space", {
      .help = "The record is at most so large: the oldest days go first.", .help_ja = "その記録の大きさの上限。古い日から消す。", .preset = ByteCount{1ULL << 30}, .min = ByteCount{1 << 20}, .max = ByteCount{1ULL << 40}}};
  Setting<Texts> rates{*this, "rates", {
      .help = "How many recipients may be named in a time: \"account 300/1h\", \"client 60/1m burst 200\"; of account (who logged in), client (address), network (/24, /64), sender_domain or account_domain (all accounts of a domain together); `hikyaku policy rates` shows who is near. More are put off (450). Networks of relay_networks and exempt_networks are not counted.",
      .help_ja = "一定時間に指定できる宛先数。\"account 300/1h\"、\"client 60/1m burst 200\" のように、account(ログインしたアカウント)、client(アドレス)、network(/24、/64)、sender_domain、account_domain(ドメインの全アカウントの合計)ごとに書く。使用状況は hikyaku policy rates で見られる。超えた分は 450 で保留する。relay_networks と exempt_networks は数えない。"}};
  Setting<bool> name_rules{*this, "name_rules", {
      .help = "A refusal ends with the id of its rule: \"[s25r]\".", .help_ja = "拒否の応答の末尾に規則の名前(\"[s25r]\" など)を付ける。", .preset = false}};
  Setting<bool> authentication_results{*this, "authentication_results", {
      .help = "Strangers' mail is checked by SPF, DKIM, ARC and DMARC, and gets an Authentication-Results field (RFC 8601); forged fields in our name are taken out.",
      .help_ja = "見知らぬ相手のメールを SPF、DKIM、ARC、DMARC で検査し、Authentication-Results を付ける。このサーバの名を騙る同名ヘッダーは取り除く。", .preset = true}};
  Setting<bool> dmarc_reports{*this, "dmarc_reports", {
      .help = "The owners of domains whose DMARC record asks for it (rua=) are told once a day, or as often as its ri= wants down to an hour, what was seen in their name (RFC 7489 section 7.2).",
      .help_ja = "DMARC レコードで求めている(rua=)ドメインに、その名で届いたメールの集計を 1 日 1 回(ri= の希望があれば最短 1 時間ごとに)報告する(RFC 7489 §7.2)。", .preset = true}};
  Setting<Text> dmarc_report_contact{*this, "dmarc_report_contact", {
      .help = "Address that these reports come from and name; empty: postmaster at this server's name.", .help_ja = "この報告の差出人および連絡先とするアドレス。空ならこのサーバ名の postmaster。"}};
  Setting<Count> subscription_change{*this, "subscription_change", {
      .help = "Largest part of a subscribed list, in percent, that a refresh may change unasked; a larger change waits for `hikyaku policy refresh --accept`.",
      .help_ja = "購読リストの自動更新で確認なしに変えてよい割合(%)。超える変更は hikyaku policy refresh --accept を待つ。", .preset = 20, .min = 0, .max = 100}};
  Setting<Seconds> dns_timeout{*this, "dns_timeout", {
      .help = "Longest wait for the answers of DNS to one client, recipient or message; what is not known then counts as a failure of DNS.",
      .help_ja = "1 件の判定で DNS の応答を待つ時間。過ぎれば DNS の失敗とみなす。", .preset = 10s, .min = 1s, .max = 60s}};
};

// One setting for each rule of services/policy/rule.h.
struct RulesSection : Section {
  RulesSection() : Section("rules", "Rules about strangers' mail, in the order in which they are judged: enforce, shadow (found and logged, without effect) or off.",
                           "見知らぬ相手のメールについての規則(判定順)。enforce は適用、shadow は記録のみ、off は使わない。") {}
  static Rules<Text> rule(std::string_view preset, std::string_view help, std::string_view help_ja) {
    return {.help = help, .help_ja = help_ja, .preset = Text(preset), .choices = {"enforce", "shadow", "off"}};
  }
  Setting<Text> access{*this, "access", rule("enforce", "The rows of `hikyaku policy allow` and `deny` count, before all other rules.", "hikyaku policy allow と deny の行を、他の規則より先に適用する。")};
  Setting<Text> dnswl{*this, "dnswl", rule("enforce", "A client that one of [policy] dnswl has is let past the rules that look at the client.",
                                            "[policy] dnswl に載るクライアントには、クライアントについての規則を適用しない。")};
  Setting<Text> dnsbl{*this, "dnsbl", rule("enforce", "A client that one of [policy] dnsbl has is refused (554).", "[policy] dnsbl に載るクライアントを拒否する(554)。")};
  Setting<Text> reverse_name{*this, "reverse_name", rule("off", "The client's address must have a name that leads back to it.", "クライアントの逆引き名があり、正引きで元のアドレスに戻ること。")};
  Setting<Text> s25r{*this, "s25r", rule("off", "S25R: the client's name must not look like an end user's line; else 450 for ever, or greylisting if [policy] greylist says so.",
                                          "S25R: 逆引き名がエンドユーザ回線らしくないこと。該当すれば 450 を返し続けるか、[policy] greylist が suspects ならグレイリストに回す。")};
  Setting<Text> hello_name{*this, "hello_name", rule("shadow", "A client must not say in EHLO that it is this server.", "EHLO でこのサーバ自身を名乗らないこと。")};
  Setting<Text> rate{*this, "rate", rule("enforce", "The rates of [policy] rates count, for logins too: 450 beyond them.", "[policy] rates の頻度を、ログインした相手にも適用する。超えれば 450。")};
  Setting<Text> local_sender{*this, "local_sender", rule("enforce", "Who sends as an address of a domain here must log in or come from a listed network.",
                                                          "このサーバのドメインを差出人とする相手には、ログインか許可ネットワークを求める。")};
  Setting<Text> sender_domain{*this, "sender_domain", rule("off", "An answer must be able to reach the sender: its domain has MX or an address, and no null MX.",
                                                            "差出人に返信が届くこと。ドメインに MX かアドレスがあり、null MX でない。")};
  Setting<Text> spf{*this, "spf", rule("shadow", "The sender's domain says by SPF that this client does not send for it (fail): 550.", "差出人のドメインが SPF で送信元でないと宣言している(fail)相手を拒否する(550)。")};
  Setting<Text> greylist{*this, "greylist", rule("enforce", "Whom [policy] greylist means is asked to come again (450).", "[policy] greylist の対象に再送を求める(450)。")};
  Setting<Text> policy_server{*this, "policy_server", rule("enforce", "What [filters] policy_servers answer counts.", "[filters] policy_servers の応答に従う。")};
  Setting<Text> dmarc{*this, "dmarc", rule("shadow", "Mail that fails DMARC is refused (550) where its author's domain asks for reject.",
                                            "DMARC に失敗し、著者のドメインが reject を求めるメールを拒否する(550)。")};
  Setting<Text> uri_list{*this, "uri_list", rule("enforce", "No link in the text may lead to a host that one of [policy] uri_lists has; what is done is said by [policy] uri_list.",
                                                  "本文のリンク先が [policy] uri_lists に載っていないこと。該当時の動作は [policy] uri_list。")};
  Setting<Text> content{*this, "content", rule("enforce", "The rows of `hikyaku policy content` count, for everybody's mail.", "hikyaku policy content の行を、すべてのメールに適用する。")};
  Setting<Text> rspamd{*this, "rspamd", rule("enforce", "What [filters] rspamd says counts.", "[filters] rspamd の判定に従う。")};
  Setting<Text> milter{*this, "milter", rule("enforce", "What [filters] milters say and change counts.", "[filters] milters の判定と変更に従う。")};
};

// Users of inner servers, of domains whose check is `ask` (`hikyaku domain recipients mode`).
struct RecipientsSection : Section {
  RecipientsSection() : Section("recipients", "Users of inner servers: how reception asks for those of relay domains whose recipients are to be asked for (`hikyaku domain recipients mode DOMAIN ask`).",
                                "中継先サーバの利用者。宛先の有無を尋ねるドメイン(hikyaku domain recipients mode DOMAIN ask)で、どう尋ねるか。") {}
  Setting<Seconds> ask_time{*this, "ask_time", {
      .help = "Longest wait of one RCPT for the inner server's answer; without one it counts as away.",
      .help_ja = "1 つの RCPT が中継先の応答を待つ時間。過ぎれば応答なしとみなす。", .preset = 10s, .min = 1s, .max = 60s}};
  Setting<Seconds> taken{*this, "taken", {
      .help = "A user whom the inner server took is asked for again after so long.", .help_ja = "中継先が受け付けた宛先を、あらためて尋ねるまでの時間。", .preset = 168h, .min = 1s, .max = 8'760h}};
  Setting<Seconds> known_while_away{*this, "known_while_away", {
      .help = "A user whom the inner server took stays known for so long while it does not answer or its mail is held.",
      .help_ja = "中継先が応答しない間や保留中に、以前受け付けられた宛先を既知とみなす期間。", .preset = 1'440h, .min = 1s, .max = 8'760h}};
  Setting<Seconds> unknown{*this, "unknown", {
      .help = "A user whom the inner server refused is asked for again after so long.", .help_ja = "中継先が拒否した宛先を、あらためて尋ねるまでの時間。", .preset = 10min, .min = 1s, .max = 24h}};
  Setting<Text> while_away{*this, "while_away", {
      .help = "While the inner server does not answer or its mail is held, mail for users who are not known: accept, or defer (450). Never refused for good.",
      .help_ja = "中継先が応答しない間や保留中の、未知の宛先への扱い。accept は受け取り、defer は 450 で待たせる。恒久的に拒否することはない。", .preset = "accept", .choices = {"accept", "defer"}}};
};

}  // namespace hikyaku::settings
