// Package picture draws what is easier seen than read: the chain of processes that led
// to a contact, as a PNG.
//
// It gets text that is safe to show and knows nothing of Slack or of hunts. What
// surprises: nothing in it depends on the machine, since the letters come with the
// program, so that the same tree is the same picture everywhere.
package picture

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// Box is one step of a chain.
type Box struct {
	Name   string
	Detail string // the small line below, may be empty
	Remote bool   // not a process, but what it talked to
}

// Tree is a picture of chains, the oldest process of each on the left.
type Tree struct {
	Title  string
	Chains [][]Box
}

// Sizes in pixels.
const (
	margin    = 32
	boxWidth  = 260
	boxHeight = 84
	gapX      = 56
	gapY      = 24
	titleSize = 26
	nameSize  = 22
	smallSize = 17
	maxBoxes  = 5
	maxChains = 6
)

var (
	paper  = color.RGBA{0xff, 0xff, 0xff, 0xff}
	ink    = color.RGBA{0x1d, 0x1c, 0x1d, 0xff}
	faint  = color.RGBA{0x5c, 0x5f, 0x66, 0xff}
	edge   = color.RGBA{0x8a, 0x8f, 0x98, 0xff}
	fill   = color.RGBA{0xf1, 0xf3, 0xf6, 0xff}
	danger = color.RGBA{0xb4, 0x23, 0x18, 0xff}
	warm   = color.RGBA{0xfd, 0xee, 0xec, 0xff}
)

// PNG draws a tree; of more chains and boxes than fit it draws the first.
func PNG(t Tree) ([]byte, error) {
	p, err := newPen()
	if err != nil {
		return nil, err
	}
	chains := t.Chains[:min(len(t.Chains), maxChains)]
	widest := 1
	for _, c := range chains {
		widest = max(widest, min(len(c), maxBoxes))
	}
	top := margin + titleSize + gapY
	p.canvas = image.NewRGBA(image.Rect(0, 0, 2*margin+widest*boxWidth+(widest-1)*gapX, top+len(chains)*(boxHeight+gapY)+margin-gapY))
	p.box(p.canvas.Bounds(), paper, paper)
	p.write(p.title, t.Title, margin, margin+titleSize-4, p.canvas.Bounds().Dx()-2*margin, ink)
	for row, chain := range chains {
		y := top + row*(boxHeight+gapY)
		for n, b := range chain[:min(len(chain), maxBoxes)] {
			x := margin + n*(boxWidth+gapX)
			p.draw(b, x, y)
			if n > 0 {
				p.arrow(x-gapX+6, x-6, y+boxHeight/2)
			}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, p.canvas); err != nil {
		return nil, fmt.Errorf("encoding a picture: %w", err)
	}
	return out.Bytes(), nil
}

// pen draws on one canvas.
type pen struct {
	canvas             *image.RGBA
	title, name, small font.Face
}

func newPen() (*pen, error) {
	face := func(ttf []byte, size float64) (font.Face, error) {
		f, err := opentype.Parse(ttf)
		if err != nil {
			return nil, fmt.Errorf("reading a font: %w", err)
		}
		return opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingFull})
	}
	p := &pen{}
	var err error
	if p.title, err = face(gobold.TTF, titleSize); err != nil {
		return nil, err
	}
	if p.name, err = face(gobold.TTF, nameSize); err != nil {
		return nil, err
	}
	p.small, err = face(goregular.TTF, smallSize)
	return p, err
}

func (p *pen) draw(b Box, x, y int) {
	border, back, text := edge, fill, ink
	if b.Remote {
		border, back, text = danger, warm, danger
	}
	p.box(image.Rect(x, y, x+boxWidth, y+boxHeight), border, back)
	baseline := y + boxHeight/2 + nameSize/3
	if b.Detail != "" {
		baseline = y + 36
		p.write(p.small, b.Detail, x+16, y+62, boxWidth-32, faint)
	}
	p.write(p.name, b.Name, x+16, baseline, boxWidth-32, text)
}

// box is a rectangle with a border of two pixels.
func (p *pen) box(r image.Rectangle, border, back color.Color) {
	draw.Draw(p.canvas, r, image.NewUniform(border), image.Point{}, draw.Src)
	draw.Draw(p.canvas, r.Inset(2), image.NewUniform(back), image.Point{}, draw.Src)
}

// arrow points from one box to the next.
func (p *pen) arrow(from, to, y int) {
	line := image.NewUniform(faint)
	draw.Draw(p.canvas, image.Rect(from, y-1, to-8, y+1), line, image.Point{}, draw.Src)
	for n := range 10 { // the head, a column of pixels at a time
		draw.Draw(p.canvas, image.Rect(to-n-1, y-n/2-1, to-n, y+n/2+1), line, image.Point{}, draw.Src)
	}
}

// write puts text on a baseline, cut to what fits.
func (p *pen) write(face font.Face, text string, x, y, width int, c color.Color) {
	if font.MeasureString(face, text).Ceil() > width {
		runes := []rune(text)
		for len(runes) > 0 && font.MeasureString(face, string(runes)+"…").Ceil() > width {
			runes = runes[:len(runes)-1]
		}
		text = string(runes) + "…"
	}
	d := font.Drawer{Dst: p.canvas, Src: image.NewUniform(c), Face: face, Dot: fixed.P(x, y)}
	d.DrawString(text)
}
