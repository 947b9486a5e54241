package indicator

import "strings"

// IsFileExtension tells whether a lower-case extension is one that people
// write in file names seen on endpoints: programs, scripts, documents,
// archives, and what build and log lines are full of.
func IsFileExtension(ext string) bool {
	if len(ext) > 10 || ext == "" {
		return false
	}
	return strings.Contains(fileExtensions, " "+ext+" ")
}

// A string and not a map: a constant needs no init and can't be changed.
const fileExtensions = " exe dll sys scr cpl ocx drv efi msi msp mst msix appx com bat cmd ps ps1 psm1 psd1 vbs vbe vb js jse mjs ts wsf wsh wsc sct hta chm lnk url inf reg jar class war py pyc pyw pl rb php phtml asp aspx jsp jspx lua sh bash zsh so dylib ko elf bin run deb rpm apk dmg pkg app iso img vhd vhdx " +
	"doc docx docm dot dotm xls xlsx xlsm xlsb xlam xll ppt pptx pptm pps ppsx rtf odt ods odp pdf one onepkg pub mdb accdb csv tsv txt md rst log xml json yaml yml toml ini cfg conf config html htm mht mhtml xhtml svg css eml msg ics vcf " +
	"zip rar 7z gz tgz bz2 xz tar cab ace arj lzh zst z png jpg jpeg gif bmp ico webp tif tiff mp3 mp4 wav avi mov mkv webm swf ttf woff " +
	"dat db sqlite tmp temp bak old dmp evtx etl pcap pcapng pem crt cer key pfx p12 der asc sig c cc cpp h hpp cs go rs java kt swift ai psd kql yar yara rules " +
	"dotx potx search-ms settingcontent-ms library-ms theme diagcab vsix xpi crx nupkg whl gem node wasm map lock mui manifest ovpn rdp kdbx pst ost "
