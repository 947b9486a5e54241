package indicator

// The lists are constants, so that nothing can change them and no code runs to
// build them; DefaultGuard makes slices of them.

// publicResolvers are resolvers that anybody may use; clients name them
// directly, and tickets are full of them.
const publicResolvers = `
8.8.8.8 8.8.4.4 2001:4860:4860::8888 2001:4860:4860::8844
1.1.1.1 1.0.0.1 1.1.1.2 1.0.0.2 1.1.1.3 1.0.0.3 2606:4700:4700::1111 2606:4700:4700::1001
9.9.9.9 149.112.112.112 9.9.9.10 149.112.112.10 9.9.9.11 149.112.112.11 2620:fe::fe 2620:fe::9
208.67.222.222 208.67.220.220 208.67.222.123 208.67.220.123 2620:119:35::35 2620:119:53::53
4.2.2.1 4.2.2.2 4.2.2.3 4.2.2.4 4.2.2.5 4.2.2.6
64.6.64.6 64.6.65.6 185.228.168.9 185.228.169.9 94.140.14.14 94.140.15.15
77.88.8.8 77.88.8.1 114.114.114.114 114.114.115.115 223.5.5.5 223.6.6.6 119.29.29.29
76.76.2.0 76.76.10.0 84.200.69.80 84.200.70.40 156.154.70.1 156.154.71.1
`

// goodDomains are names of operating systems, security vendors, registries of
// weaknesses and news that reports link to.
const goodDomains = `
microsoft.com windows.com windowsupdate.com windows.net office.com office365.com office.net live.com msn.com bing.com
microsoftonline.com msftconnecttest.com msftncsi.com msauth.net msftauth.net skype.com visualstudio.com azure.com sharepoint.com
google.com gstatic.com googleapis.com google-analytics.com googletagmanager.com youtube.com gvt1.com gvt2.com
apple.com icloud.com mzstatic.com adobe.com mozilla.org mozilla.com firefox.com
github.com gitlab.com stackoverflow.com wikipedia.org linkedin.com twitter.com x.com facebook.com instagram.com
amazon.com cloudflare.com akamai.com digicert.com verisign.com letsencrypt.org globalsign.com sectigo.com usertrust.com entrust.net
virustotal.com mitre.org nist.gov cisa.gov cve.org first.org nvd.nist.gov attack.mitre.org
crowdstrike.com mandiant.com paloaltonetworks.com fortinet.com sophos.com eset.com welivesecurity.com kaspersky.com securelist.com
trendmicro.com symantec.com broadcom.com mcafee.com trellix.com sentinelone.com bitdefender.com malwarebytes.com checkpoint.com
talosintelligence.com cisco.com proofpoint.com rapid7.com secureworks.com recordedfuture.com elastic.co splunk.com
bleepingcomputer.com thehackernews.com krebsonsecurity.com therecord.media sans.edu sans.org abuse.ch urlscan.io shodan.io
safelinks.protection.outlook.com safelinks.protection.office365.us urldefense.com urldefense.us urldefense.proofpoint.com linkprotect.cudasvc.com protect.fireeye.com secure-web.cisco.com
any.run joesandbox.com hybrid-analysis.com otx.alienvault.com alienvault.com slack.com zoom.us atlassian.com atlassian.net
ubuntu.com debian.org redhat.com python.org golang.org nodejs.org npmjs.com docker.com w3.org ietf.org iana.org icann.org schema.org
`

// openDomains lie below well-known names, and anybody can put a payload, a
// phishing page or a tenant there. Names in goodDomains that are such places
// as a whole (github.com, gitlab.com) stand here as well: a profile page and a
// payload look the same.
const openDomains = `
blob.core.windows.net web.core.windows.net file.core.windows.net azurewebsites.net cloudapp.azure.com azureedge.net trafficmanager.net
sharepoint.com 1drv.ms onedrive.live.com forms.office.com sway.office.com dev.azure.com azurefd.net
docs.google.com drive.google.com sites.google.com script.google.com forms.google.com storage.googleapis.com firebasestorage.googleapis.com
storage.cloud.google.com groups.google.com appspot.com translate.google.com
github.com raw.githubusercontent.com gitlab.com hooks.slack.com files.slack.com
icloud.com s3.amazon.com new.express.adobe.com workers.dev pages.dev r2.dev trycloudflare.com
`

// platforms are places that half of a fleet visits and where anybody can put a
// file, a channel or a page. Their bare name says nothing; a URL there does.
const platforms = `
github.com gitlab.com bitbucket.org githubusercontent.com pastebin.com dropbox.com box.com mega.nz mega.io mediafire.com wetransfer.com transfer.sh
drive.google.com docs.google.com sites.google.com onedrive.live.com 1drv.ms sharepoint.com icloud.com
discord.com discordapp.com cdn.discordapp.com discord.gg telegram.org t.me api.telegram.org whatsapp.com web.whatsapp.com signal.org
reddit.com medium.com tumblr.com wordpress.com blogspot.com notion.so trello.com youtube.com vimeo.com tiktok.com pinterest.com
bit.ly tinyurl.com t.co goo.gl is.gd amazonaws.com cloudfront.net herokuapp.com netlify.app vercel.app ngrok.io workers.dev pages.dev
shopify.com paypal.com ebay.com yahoo.com baidu.com yandex.ru vk.com
`

// freeMail gives addresses to anybody; senders' domains are full of them.
const freeMail = `
gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com ymail.com aol.com icloud.com me.com mac.com proton.me protonmail.com pm.me
gmx.com gmx.net gmx.de web.de t-online.de mail.com zoho.com tutanota.com tuta.io tutamail.com fastmail.com hushmail.com mail.ru inbox.ru list.ru bk.ru
yandex.com yandex.ru rambler.ru qq.com 163.com 126.com sina.com naver.com daum.net hotmail.co.uk hotmail.fr yahoo.co.uk yahoo.co.jp orange.fr free.fr laposte.net libero.it seznam.cz wp.pl o2.pl interia.pl onionmail.org cock.li
`

// ubiquitousFiles run on nearly every Windows, macOS or Linux device; a hunt
// for the name alone finds all of them.
const ubiquitousFiles = `
svchost.exe explorer.exe lsass.exe services.exe winlogon.exe csrss.exe smss.exe wininit.exe system taskhostw.exe dllhost.exe
runtimebroker.exe conhost.exe spoolsv.exe searchindexer.exe searchhost.exe sihost.exe ctfmon.exe dwm.exe fontdrvhost.exe audiodg.exe
wmiprvse.exe backgroundtaskhost.exe msedge.exe msedgewebview2.exe chrome.exe firefox.exe iexplore.exe outlook.exe winword.exe excel.exe
powerpnt.exe onenote.exe teams.exe ms-teams.exe onedrive.exe msmpeng.exe mssense.exe sensecncproxy.exe senseir.exe
cmd.exe powershell.exe pwsh.exe rundll32.exe regsvr32.exe mshta.exe wscript.exe cscript.exe msiexec.exe schtasks.exe net.exe net1.exe
reg.exe sc.exe tasklist.exe whoami.exe ipconfig.exe ping.exe nslookup.exe curl.exe certutil.exe bitsadmin.exe
notepad.exe mmc.exe taskmgr.exe regedit.exe ntdll.dll kernel32.dll kernelbase.dll user32.dll advapi32.dll
bash sh zsh launchd systemd sshd cron python python3 curl wget
`

// emptyHashes are MD5, SHA1 and SHA256 of no bytes at all; they stand in
// reports wherever a file could not be read.
const emptyHashes = `
d41d8cd98f00b204e9800998ecf8427e
da39a3ee5e6b4b0d3255bfef95601890afd80709
e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
`
